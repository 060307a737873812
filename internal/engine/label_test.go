// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// istiod makes a Gateway of the Gateway API anew as soon as its namespace's label
// names another revision: one that was made since the run began holds that label,
// forth and back, until it is bound by a label of its own.
func TestNewGatewayHoldsTheNamespaceLabel(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		f := upgrade()
		if back {
			expect(t, f, Completed)
		}
		has := f.on("a")[0]
		ns, _ := f.world.Namespace("a")
		was := ns.Binding()
		labels := map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.SidecarLabel: "false"}
		f.world.Workloads = append(slices.Clone(f.world.Workloads), mesh.Workload{Namespace: "a", Name: "gw", Kind: mesh.Deployment, Gateway: true, Replicas: 1, Template: mesh.Template{Labels: labels},
			Rollout: mesh.Rollout{Done: true}, Pods: []mesh.Pod{{Name: "gw-0", UID: "gw-0", Running: true, Ready: true, Current: true, Sidecar: mesh.Sidecar{Present: true, Revision: has}}}})
		f.world.Sort()
		f.intent.Rollback = back
		expect(t, f, Held)
		h := f.ledger.Held
		if h.Reason != planChanged || h.Subject != "a" || !strings.Contains(h.Message, "which it manages for the Gateway edge") || !strings.Contains(h.Hint, "-n a edge istio.io/rev="+has) {
			t.Errorf("back %t: held with %+v", back, h)
		}
		if ns, _ = f.world.Namespace("a"); !back && ns.Binding() != was {
			t.Errorf("it was labelled all the same: %s", ns.Binding())
		}
		if got := f.on("a"); got[0] != has {
			t.Errorf("back %t: held with a on %v", back, got)
		}
		labels[mesh.RevisionLabel] = has
		expect(t, f, map[bool]Outcome{false: Completed, true: RolledBack}[back])
	}
}
