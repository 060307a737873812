// SPDX-License-Identifier: Apache-2.0

package binding_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// withGateway returns the World with one more gateway in that namespace.
func withGateway(ns string, labels map[string]string) mesh.World {
	w := plantest.World()
	g := plantest.Workload(mesh.Deployment, ns, "gw", 2)
	g.Gateway, g.Template.Labels = true, labels
	if _, exists := w.Namespace(ns); !exists {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
	}
	w.Workloads = append(w.Workloads, g)
	w.Sort()
	return w
}

// istiod re-creates a Gateway of the Gateway API as soon as its namespace's label names another
// revision. A run does not cause that.
func TestGatewayBlocksItsNamespace(t *testing.T) {
	managed := map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.SidecarLabel: "false"}
	pinned := map[string]string{
		mesh.GatewayLabel:  "edge",
		mesh.ManagedLabel:  "istio.io-gateway-controller",
		mesh.SidecarLabel:  "false",
		mesh.RevisionLabel: "1-29-1",
	}
	for _, tc := range []struct {
		name string
		in   step.Intent
	}{
		{"by name", step.Intent{Run: "r", Revision: "1-31-0", Installable: true, Namespaces: []string{"a"}}},
		{"unnamed", step.Intent{Run: "r", Revision: "1-31-0", Installable: true}},
		{"in waves", plantest.Intent()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const want = "Deployment a/gw, which istiod manages for the Gateway edge"
			_, err := plan.ForwardTarget(withGateway("a", managed), tc.in, step.Ledger{})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error that names Deployment a/gw", err)
			}
			if _, err := plan.ForwardTarget(withGateway("a", pinned), tc.in, step.Ledger{}); err != nil {
				t.Errorf("with a label of its own: got %v, want no error", err)
			}
		})
	}
}

// istiod's own label, or its proxy, identifies what it renders. A Gateway's name alone is also on
// pods of other implementations, which follow no namespace label.
func TestOtherGatewayImplementationsBlockNothing(t *testing.T) {
	named := map[string]string{mesh.GatewayLabel: "edge", mesh.SidecarLabel: "false"}
	for _, c := range []struct {
		name                    string
		gateway, proxy, refused bool
	}{
		{name: "another implementation"},
		{name: "Istio gateway without istiod's label", gateway: true},
		{name: "istiod with another label", gateway: true, proxy: true, refused: true},
		{name: "application with that label, injected manually", proxy: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := withGateway("a", named)
			for i, wl := range w.Workloads {
				if wl.Ref() == "Deployment a/gw" {
					w.Workloads[i].Gateway, w.Workloads[i].Template.Proxy = c.gateway, c.proxy
				}
			}
			if _, err := plan.ForwardTarget(w, plantest.IntentForAll(), step.Ledger{}); (err != nil) != c.refused {
				t.Errorf("got %v, want an error: %t", err, c.refused)
			}
		})
	}
}

// A namespace with only gateways, as in Istio's guide to Helm, moves only if it is named. A note
// then tells the effect.
func TestGatewayNamespaceMovesOnlyByName(t *testing.T) {
	w := withGateway("edge", map[string]string{mesh.SidecarLabel: "true"})
	in := step.Intent{Run: "r", Revision: "1-31-0", Installable: true}
	all := slices.Concat(
		plantest.Forward(t, w, in, step.Ledger{}).Waves[0].Namespaces,
		plantest.Forward(t, w, in, step.Ledger{}).Waves[1].Namespaces,
		plantest.Forward(t, w, in, step.Ledger{}).Waves[2].Namespaces,
	)
	if slices.Contains(all, "edge") || len(all) != 4 {
		t.Errorf("namespaces without a name: got %v, want a to d", all)
	}
	in.Namespaces = []string{"edge"}
	target := plantest.Forward(t, w, in, step.Ledger{})
	i := slices.IndexFunc(advice.Notes(w, target), func(n step.Note) bool { return n.Subject == "Deployment edge/gw" })
	if note := advice.Notes(w, target)[i]; !strings.Contains(note.Text, "get 1-31-0 beside those on 1-29-1") {
		t.Errorf("note on the named namespace: got %q, want its two revisions", note.Text)
	}
}

// A Gateway created after the run began is named before its namespace is labelled, in the
// upgrade and in the rollback, and no longer once it has a label of its own.
func TestNewGatewayIsNamed(t *testing.T) {
	t.Parallel()
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	l := plantest.NewLedger(w, target)
	end, then, _ := plantest.Run(t, w, target, l, -1, plantest.First, nil)
	for _, c := range []struct {
		name    string
		world   mesh.World
		target  step.Target
		l       step.Ledger
		has, to string
	}{
		{name: "upgrade", world: w, target: target, l: l, has: "1-29-1", to: "1-31-0"},
		{name: "rollback", world: end, target: plan.RollbackTarget(plantest.IntentForAll(), then, 0), l: then, has: "1-31-0", to: "1-29-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, pinned := range []bool{false, true} {
				g := plantest.Workload(mesh.Deployment, "b", "gw", 2)
				g.Gateway = true
				g.Template.Labels = map[string]string{
					mesh.GatewayLabel: "edge",
					mesh.ManagedLabel: "istio.io-gateway-controller",
					mesh.SidecarLabel: "false",
				}
				if pinned {
					g.Template.Labels[mesh.RevisionLabel] = c.has
				}
				for i := range g.Pods {
					g.Pods[i].Sidecar.Revision = c.has
				}
				now := plantest.Clone(c.world)
				now.Workloads = append(now.Workloads, g)
				now.Sort()
				notes := plan.Make(now, c.target, c.l).Notes
				n := notes[slices.IndexFunc(notes, func(n step.Note) bool { return n.Subject == string(g.Ref()) })]
				if wantText := strings.Contains(n.Text, "the istiod of "+c.to+" would re-create it") &&
					strings.Contains(n.Remedy, "istio.io/rev="+c.has); wantText == pinned {
					t.Errorf("own label %t: got note %q; %q", pinned, n.Text, n.Remedy)
				}
				upgraded, _, _ := plantest.Run(t, now, c.target, c.l, -1, plantest.First, nil)
				if left := binding.AffectedGateways(c.target, upgraded, "b"); left != nil {
					t.Errorf("affected gateways after the label: got %v, want none", left)
				}
			}
		})
	}
}
