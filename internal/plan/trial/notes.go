// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Notes says of a workload what its trial means, or why there is none.
func Notes(w mesh.World, t step.Target, wl mesh.Workload) []step.Note {
	mode := t.Policy.TrialOf(wl)
	switch {
	case !needsTrial(w, t, wl):
		return nil
	case unsuitable(wl) != "":
		return []step.Note{{Kind: step.TrialImpossible, Subject: string(wl.Ref()), Text: "is moved without having been tried: " + unsuitable(wl), Evidence: "trial " + string(mode) + " was asked for"}}
	}
	return append(trialEffects(t, wl, mode), noRoom(w, wl)...)
}
