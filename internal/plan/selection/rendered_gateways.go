// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// renderedGateways returns the gateways that istioctl installed, that a rule names, and that
// are not on the target: those outside of the selected namespaces. Their namespace, usually
// the root namespace, is not moved with them.
func renderedGateways(w mesh.World, in step.Intent, selected []string) []string {
	var refs []string
	for _, wl := range w.Workloads {
		ns, _ := w.Namespace(wl.Namespace)
		if wl.GatewayMake() == mesh.RenderedGateway && in.Policy.Includes(wl) && !slices.Contains(selected, wl.Namespace) &&
			!in.Excludes(wl.Namespace) && ns.Mesh == "" && rendersOther(wl, in.Revision) {
			refs = append(refs, string(wl.Ref()))
		}
	}
	return refs
}

// rendersOther reports whether a gateway's template, or one of its pods, is rendered for
// another revision.
func rendersOther(wl mesh.Workload, revision string) bool {
	return wl.Template.Deployed() != revision ||
		slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return p.Sidecar.Revision != revision })
}
