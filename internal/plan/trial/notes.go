// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"maps"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Services returns, by name, the Services of which a trial pod of a workload is an
// endpoint while it serves. A Service that publishes pods which are not ready would send
// requests to an unverified pod: a trial pod has none of the labels that it selects by,
// and is an endpoint of no other Service that selects by them either.
func Services(wl mesh.Workload) []string {
	labels := maps.Clone(wl.Template.Labels)
	for _, s := range wl.Services {
		if s.IncludesUnready && s.Selects(wl.Template.Labels) {
			for key := range s.Selector {
				delete(labels, key)
			}
		}
	}
	var names []string
	for _, s := range wl.Services {
		if s.Selects(labels) {
			names = append(names, s.Name)
		}
	}
	return names
}

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
