// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

const templatesAnnotation = "inject.istio.io/templates"

// unprovable says why no proof of a workload would ever end. A proxyless gRPC
// server's agent runs no Envoy (files/grpc-agent.yaml of chart istiod @1.31.0): its
// server asks istiod for no clusters, and nothing shows its certificate.
func unprovable(wl mesh.Workload) string {
	templates := strings.FieldsFunc(wl.Template.Annotations[templatesAnnotation], func(r rune) bool { return r == ',' || r == ' ' })
	config := wl.Template.Annotations[configAnnotation]
	switch {
	case slices.Contains(templates, "grpc-agent"), strings.Contains(config, "DISABLE_ENVOY"):
		return "a proxyless gRPC server: without an Envoy nobody can be asked for its configuration and its certificate"
	case strings.Contains(config, "proxyAdminPort"):
		return "its template gives its proxy another admin port (proxyAdminPort in " + configAnnotation + "): its certificate is asked for at 15000"
	}
	return ""
}

// stuckUnproven is the way of what cannot be proven.
func stuckUnproven(wl mesh.Workload, way Passage) (Passage, bool) {
	why := unprovable(wl)
	if why == "" || !way.Moves() || wl.Swapping() {
		return way, false
	}
	return Passage{Way: Stuck, Why: why, Clears: "make its pods anew yourself once its namespace is on the new revision, and look at it: no proof of it would end"}, true
}
