// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	imageAnnotation  = "sidecar.istio.io/proxyImage"
	configAnnotation = "proxy.istio.io/config"
)

// pinned names a workload whose template says itself what its proxy is, or whom
// it asks: that part stays as it is whoever injects it.
func pinned(wl mesh.Workload) []Note {
	var notes []Note
	if image, is := wl.Template.Annotations[imageAnnotation]; is {
		notes = append(notes, Note{Kind: PinnedProxy, Subject: wl.Key(), Evidence: imageAnnotation + "=" + image,
			Text:   "moves, but its template names its proxy's image, and goes on with that one under the new control plane",
			Clears: "take the annotation away before the run"})
	}
	if config := wl.Template.Annotations[configAnnotation]; strings.Contains(config, "discoveryAddress") {
		notes = append(notes, Note{Kind: PinnedProxy, Subject: wl.Key(), Evidence: configAnnotation + ": " + strings.Join(strings.Fields(config), " "),
			Text:   "moves, but its template names the istiod that its proxy asks: where that is not one of the new revision, its proof holds the run",
			Clears: "take discoveryAddress out of the annotation before the run"})
	}
	return notes
}
