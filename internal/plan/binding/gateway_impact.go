// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// AffectedGateway is a Gateway of the Gateway API that its namespace's label draws to another
// revision at once: its istiod makes it anew. Before a run begins that is refused;
// what is made later holds that label.
type AffectedGateway struct {
	Workload mesh.WorkloadRef
	Gateway  string // its name
	From     string // the revision that it has
	To       string // the revision that would make it anew
}

// AffectedGateways returns the Gateways that a label which is left to be written would draw
// along.
func AffectedGateways(t step.Target, w mesh.World, namespace string) []AffectedGateway {
	ns, there := w.Namespace(namespace)
	if !there || Bound(t, w, namespace) {
		return nil
	}
	return GatewaysAffectedBy(w, ns, t.Revisions[namespace])
}

func GatewaysAffectedBy(w mesh.World, ns mesh.Namespace, revision string) []AffectedGateway {
	var list []AffectedGateway
	for _, wl := range w.In(ns.Name) {
		has := wl.Sidecars()
		if _, pinned := wl.Template.Labels[mesh.RevisionLabel]; !wl.ForGateway() || pinned || strings.Join(has, "+") == revision {
			continue
		}
		d := AffectedGateway{Workload: wl.Ref(), Gateway: wl.Template.Labels[mesh.GatewayLabel], From: InjectedBy(w, ns), To: revision}
		if len(has) == 1 {
			d.From = has[0]
		}
		list = append(list, d)
	}
	return list
}
