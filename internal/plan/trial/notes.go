// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Notes notes what the trial of a workload does, or why there is none.
func Notes(w mesh.World, t step.Target, wl mesh.Workload) []step.Note {
	mode := t.Policy.TrialOf(wl)
	switch {
	case !needsTrial(w, t, wl):
		return nil
	case unsuitable(wl) != "":
		return []step.Note{
			{
				Kind: step.TrialImpossible, Subject: string(wl.Ref()),
				Text:     "is moved without a trial: " + unsuitable(wl),
				Evidence: "trial " + string(mode) + " was requested",
			},
		}
	}
	return append(trialEffects(t, wl, mode), noCapacity(w, wl)...)
}
