// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// swapContinues notes a workload of which a rule, for many perhaps, says otherwise.
func swapContinues(t step.Target, wl mesh.Workload) []step.Note {
	r, is := strategy.OverriddenRule(t.Policy, wl)
	if !is || t.Rollback {
		return nil
	}
	return []step.Note{{Kind: step.SwapGoesOn, Subject: string(wl.Ref()), Text: "goes on by swap, whatever a rule says: one has begun on it, and only the swap ends that, or the way back", Evidence: "rule '" + r.String() + "'",
		Remedy: "mend what holds it, or take the run back: rerig rollback " + t.Run}}
}
