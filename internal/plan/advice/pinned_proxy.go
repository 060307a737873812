// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// pinnedProxy names a workload whose template says itself what its proxy is, or whom
// it asks: that part stays as it is whoever injects it.
func pinnedProxy(wl mesh.Workload) []step.Note {
	var notes []step.Note
	if image, is := wl.Template.Annotations[step.ImageAnnotation]; is {
		notes = append(notes, step.Note{Kind: step.PinnedProxy, Subject: string(wl.Ref()), Evidence: step.ImageAnnotation + "=" + image,
			Text:   "moves, but its template names its proxy's image, and goes on with that one under the new control plane",
			Remedy: "take the annotation away before the run"})
	}
	if config := wl.Template.Annotations[step.ConfigAnnotation]; strings.Contains(config, "discoveryAddress") {
		notes = append(notes, step.Note{Kind: step.PinnedProxy, Subject: string(wl.Ref()), Evidence: step.ConfigAnnotation + ": " + strings.Join(strings.Fields(config), " "),
			Text:   "moves, but its template names the istiod that its proxy asks: where that is not one of the new revision, its proof holds the run",
			Remedy: "take discoveryAddress out of the annotation before the run"})
	}
	return notes
}
