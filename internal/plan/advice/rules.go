// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// rulesWithoutMatch notes rules without effect.
func rulesWithoutMatch(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, r := range strategy.RulesWithoutMatch(w, t.Policy.Rules) {
		notes = append(notes, step.Note{
			Kind: step.RuleMatchesNothing, Subject: r.String(),
			Text:     "matches no workload and has no effect",
			Evidence: "no such workload",
		})
	}
	return notes
}
