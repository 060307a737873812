// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// gatewayWorld is plantest.World with gateways: two namespaces with nothing else, one gateway
// beside sidecars, and one of each make that is not moved.
func gatewayWorld() mesh.World {
	w := plantest.World()
	for name, labels := range map[string]map[string]string{
		"ingress": {mesh.RevisionLabel: "1-29-1"}, "z-egress": {mesh.RevisionLabel: "prod"},
	} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: name, Labels: labels})
	}
	gateway := func(ns, name string, template mesh.Template) {
		wl := plantest.Workload(mesh.Deployment, ns, name, 2)
		wl.Gateway, template.Hash = true, "t0"
		wl.Template = template
		w.Workloads = append(w.Workloads, wl)
	}
	gateway("ingress", "front", mesh.Template{})
	gateway("z-egress", "egress", mesh.Template{})
	gateway("b", "edge", mesh.Template{})
	gateway("free", "own", mesh.Template{Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
	gateway("free", "rendered", mesh.Template{Proxy: true})
	w.Sort()
	return w
}

func gatewayIntent(mode step.GatewayMode) step.Intent {
	in := plantest.IntentForAll()
	in.WaveCount, in.Policy.Gateways = 1, mode
	return in
}

func TestGatewaysHaveWavesOfTheirOwn(t *testing.T) {
	sidecars := []string{"a", "b", "c", "d"}
	for _, c := range []struct {
		mode step.GatewayMode
		want [][]string
	}{
		{mode: step.GatewaysLast, want: [][]string{sidecars, {"z-egress"}, {"free"}, {"ingress"}}},
		{mode: step.GatewaysFirst, want: [][]string{{"z-egress"}, {"free"}, {"ingress"}, sidecars}},
		{mode: step.GatewaysWith, want: [][]string{{"free", "ingress", "z-egress", "a", "b", "c", "d"}}},
		{mode: step.LeaveGateways, want: [][]string{sidecars}},
		{mode: "", want: [][]string{sidecars}},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			var got [][]string
			for _, wave := range plantest.Forward(t, gatewayWorld(), gatewayIntent(c.mode), step.Ledger{}).Waves {
				got = append(got, slices.Sorted(slices.Values(wave.Namespaces)))
			}
			for i := range c.want {
				c.want[i] = slices.Sorted(slices.Values(c.want[i]))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("waves (-want +got):\n%s", diff)
			}
		})
	}
}

// The namespace's label, or a gateway's own, decides as it does for sidecars: it is restarted and
// verified in its wave. Rolled back from any point, it has what it had.
func TestGatewaysAreMovedAndRolledBack(t *testing.T) {
	t.Parallel()
	w0, in := gatewayWorld(), gatewayIntent(step.GatewaysLast)
	target := plantest.Forward(t, w0, in, step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	end, _, done := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	for ref, want := range map[mesh.WorkloadRef]string{
		"Deployment ingress/front": "1-31-0", "Deployment z-egress/egress": "1-31-0", "Deployment b/edge": "1-31-0",
		"Deployment free/own": "1-31-0", "Deployment free/rendered": "1-29-1", "Deployment istio-system/istio-ingressgateway": "1-29-1",
	} {
		wl, _ := end.Workload(ref)
		if got := mesh.JoinRevisions(wl.Sidecars()); got != want {
			t.Errorf("%s: got revision %s, want %s", ref, got, want)
		}
		verified := slices.ContainsFunc(done, func(s step.Step) bool { return s.Kind == step.Verify && s.Subject == step.Subject(ref) })
		if verified != (want == "1-31-0") {
			t.Errorf("%s: got verified %t, want it where it moves", ref, verified)
		}
	}
	for k := range len(done) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(in, l, 0)
		l = plantest.Approve(w, back, l)
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, nil)
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("rolled back after %d steps (-before +after):\n%s", k, diff)
		}
	}
}

// The plan says of each gateway that is left why, and of each that is moved what its restart
// costs.
func TestGatewaysAreNamedInThePlan(t *testing.T) {
	in := gatewayIntent(step.GatewaysLast)
	w := gatewayWorld()
	p := plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{})
	for subject, want := range map[string]string{
		"Deployment ingress/front": "cuts connections from outside", "Deployment b/edge": "cuts connections from outside",
		"Deployment free/rendered": "rendered for one revision",
	} {
		if !slices.ContainsFunc(p.Notes, func(n step.Note) bool { return n.Subject == subject && strings.Contains(n.Text, want) }) {
			t.Errorf("%s: got no note that says %q, want one", subject, want)
		}
	}
}

// A rule leaves one gateway.
func TestRuleLeavesAGateway(t *testing.T) {
	in := gatewayIntent(step.GatewaysLast)
	in.Policy.Rules = []step.Rule{{Namespace: "ingress", Strategy: step.Leave}}
	w := gatewayWorld()
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, _, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	for ref, want := range map[mesh.WorkloadRef]string{"Deployment ingress/front": "1-29-1", "Deployment z-egress/egress": "1-31-0"} {
		wl, _ := end.Workload(ref)
		if got := mesh.JoinRevisions(wl.Sidecars()); got != want {
			t.Errorf("%s: got revision %s, want %s", ref, got, want)
		}
	}
}
