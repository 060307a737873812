// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// AffectedGateway is a Gateway of the Gateway API that a label of its namespace would move
// to another revision at once: istiod re-creates its pods. Such a Gateway is rejected
// before a run begins, unless the run moves it; one that is created later holds the label.
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
		if !wl.ForGateway() || wl.OwnGatewayLabel().Set || wl.APIGateway.FrozenBy != "" || mesh.JoinRevisions(has) == revision {
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

// TagOfGateway returns the tag that binds the Gateway for which istiod deploys a workload, ""
// where a label names the revision itself. Its own label decides, then its namespace's, then
// the default.
func TagOfGateway(w mesh.World, wl mesh.Workload) string {
	label := w.GatewayBinding(wl)
	tag := cmp.Or(label.Value, mesh.DefaultTag)
	if _, revision := w.Revision(label.Value); revision && label.Set || len(w.TagRevisions(tag)) == 0 {
		return ""
	}
	return tag
}

// BoundByGateway reports whether istiod deploys a workload for a Gateway that is bound to a
// revision by other than its namespace's label.
func BoundByGateway(ns mesh.Namespace, wl mesh.Workload) bool {
	return wl.ForGateway() && wl.APIGateway.Name != "" && (wl.APIGateway.Label.Set || !ns.Binding().Revision.Set)
}

// UnfrozenGateways returns the workloads that istiod would re-create at once if a tag moved:
// the run moves them, and has not made istiod leave them alone.
func UnfrozenGateways(t step.Target, w mesh.World, tag string) []mesh.WorkloadRef {
	var refs []mesh.WorkloadRef
	for ref := range t.GatewayLabels {
		wl, exists := w.Workload(ref)
		if exists && wl.APIGateway.FrozenBy == "" && TagOfGateway(w, wl) == tag && mesh.JoinRevisions(wl.Sidecars()) != t.Tags[tag] {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	return refs
}
