// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// RulesWithoutMatch notes the rules that decide nothing.
func RulesWithoutMatch(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, r := range strategy.RulesWithoutMatch(w, t.Policy.Rules) {
		notes = append(notes, step.Note{Kind: step.RuleMatchesNothing, Subject: r.String(), Text: "is a rule that speaks of no workload that there is: it decides nothing", Evidence: "no such workload"})
	}
	return notes
}
