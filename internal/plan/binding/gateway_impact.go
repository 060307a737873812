// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// AffectedGateway is a Gateway of the Gateway API that a label of its namespace would move
// to another revision at once: istiod re-creates its pods. Such a Gateway is rejected
// before a run begins; one that is created later holds the label.
type AffectedGateway struct {
	Workload mesh.WorkloadRef
	Gateway  string // the Gateway's name
	From     string // its present revision
	To       string // the revision that would re-create it
}

// AffectedGateways returns the Gateways that the label of a namespace, if it is still to be
// written, would move.
func AffectedGateways(t step.Target, w mesh.World, namespace string) []AffectedGateway {
	ns, there := w.Namespace(namespace)
	if !there || Bound(t, w, namespace) {
		return nil
	}
	return GatewaysAffectedBy(w, ns, t.Revisions[namespace])
}

// GatewaysAffectedBy returns the Gateways that a namespace label for the revision would move.
func GatewaysAffectedBy(w mesh.World, ns mesh.Namespace, revision string) []AffectedGateway {
	var list []AffectedGateway
	for _, wl := range w.WorkloadsIn(ns.Name) {
		has := wl.Sidecars()
		if _, pinned := wl.Template.Labels[mesh.RevisionLabel]; !wl.ForGateway() || pinned || mesh.JoinRevisions(has) == revision {
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
