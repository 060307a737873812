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

// swapContinues notes a workload whose swap has begun though a rule says otherwise.
func swapContinues(t step.Target, wl mesh.Workload) []step.Note {
	r, is := strategy.OverriddenRule(t.Policy, wl)
	if !is || t.Rollback {
		return nil
	}
	return []step.Note{{
		Kind:     step.SwapContinues,
		Subject:  string(wl.Ref()),
		Text:     "continues by swap, whatever a rule says: its swap has begun, and only the swap or a rollback ends it",
		Evidence: "rule '" + r.String() + "'",
		Remedy:   "fix what holds it, or roll back: `rerig rollback " + t.Run + "`",
	}}
}
