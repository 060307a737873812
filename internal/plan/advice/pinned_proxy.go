// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// pinnedProxy notes a workload whose template sets its proxy's image or its istiod: that
// part stays whichever revision injects it.
func pinnedProxy(wl mesh.Workload) []step.Note {
	var notes []step.Note
	if image, is := wl.Template.Annotations[step.ImageAnnotation]; is {
		notes = append(notes, step.Note{Kind: step.PinnedProxy, Subject: string(wl.Ref()), Evidence: step.ImageAnnotation + "=" + image,
			Text:   "is moved, but its template sets its proxy's image, and keeps it under the new control plane",
			Remedy: "remove the annotation before the run"})
	}
	if config := wl.Template.Annotations[step.ConfigAnnotation]; strings.Contains(config, "discoveryAddress") {
		notes = append(notes, step.Note{
			Kind: step.PinnedProxy, Subject: string(wl.Ref()),
			Evidence: step.ConfigAnnotation + ": " + strings.Join(strings.Fields(config), " "),
			Text: "is moved, but its template sets the istiod of its proxy: unless that is one of the new revision, its verification " +
				"holds the run",
			Remedy: "remove discoveryAddress from the annotation before the run",
		})
	}
	return notes
}
