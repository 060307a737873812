// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// istiod re-creates the pods of a Gateway as soon as its namespace's label names another
// revision. A Gateway that was created since the run began holds that label, in an
// upgrade and in a rollback, until it has a label of its own.
func TestNewGatewayHoldsTheNamespaceLabel(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		f := newUpgrade()
		if back {
			expect(t, f, Completed)
		}
		has := f.sidecarsIn("a")[0]
		ns, _ := f.world.Namespace("a")
		was := ns.Binding()
		labels := map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.SidecarLabel: "false"}
		f.world.Workloads = append(slices.Clone(f.world.Workloads), mesh.Workload{
			Namespace: "a", Name: "gw", Kind: mesh.Deployment, Gateway: true, Replicas: 1,
			Template: mesh.Template{Labels: labels}, Rollout: mesh.Rollout{Done: true},
			Pods: []mesh.Pod{{Name: "gw-0", UID: "gw-0", Running: true, Ready: true, Current: true,
				Sidecar: mesh.Sidecar{Present: true, Revision: has}}}})
		f.world.Sort()
		f.intent.Rollback = back
		expect(t, f, Held)
		wantHold(t, f, step.Hold{Reason: step.ReasonPlanChanged, Subject: "a", Message: "which it manages for the Gateway edge",
			Hint: "-n a edge istio.io/rev=" + has})
		if ns, _ = f.world.Namespace("a"); !back && ns.Binding() != was {
			t.Errorf("got the namespace labelled %s, want no change", ns.Binding())
		}
		if got := f.sidecarsIn("a"); got[0] != has {
			t.Errorf("back %t: held with a on %v", back, got)
		}
		labels[mesh.RevisionLabel] = has
		expect(t, f, map[bool]Outcome{false: Completed, true: RolledBack}[back])
	}
}
