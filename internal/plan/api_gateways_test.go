// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// apiGateway is a workload that istiod deploys for a Gateway.
func apiGateway(namespace, name string, label mesh.Label) mesh.Workload {
	wl := plantest.Workload(mesh.Deployment, namespace, name+"-istio", 2)
	wl.Gateway, wl.ReplicaSetHash = true, "h"+name
	for i := range wl.Pods {
		wl.Pods[i].HasController = true
	}
	wl.Template = mesh.Template{
		Hash: "t0", Proxy: true, Annotations: map[string]string{mesh.RevisionLabel: "1-29-1"},
		Labels: map[string]string{mesh.GatewayLabel: name, mesh.ManagedLabel: "istio.io-gateway-controller"},
	}
	wl.APIGateway = mesh.APIGatewayObject{Name: name, Label: label}
	wl.Services = []mesh.Service{{
		Name: wl.Name, Selector: map[string]string{mesh.GatewayLabel: name},
		Ports: []mesh.Port{{Name: "http", Number: 80, Target: "80", Protocol: "TCP"}},
	}}
	return wl
}

// apiGatewayWorld is plantest.World with Gateways that are bound by each kind of label.
func apiGatewayWorld() mesh.World {
	w := plantest.World()
	w.Namespaces = append(w.Namespaces,
		mesh.Namespace{Name: "by-namespace", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		mesh.Namespace{Name: "by-tag", Labels: map[string]string{mesh.RevisionLabel: "prod"}},
	)
	w.Workloads = append(w.Workloads,
		apiGateway("by-namespace", "edge", mesh.Label{}),
		apiGateway("by-tag", "edge", mesh.Label{}),
		apiGateway("free", "named", mesh.Label{Set: true, Value: "1-29-1"}),
		apiGateway("free", "tagged", mesh.Label{Set: true, Value: "prod"}),
		apiGateway("b", "beside", mesh.Label{}),
	)
	w.Sort()
	return w
}

var apiGateways = map[mesh.WorkloadRef]mesh.Label{
	"Deployment by-namespace/edge-istio": {},
	"Deployment by-tag/edge-istio":       {},
	"Deployment free/named-istio":        {Set: true, Value: "1-31-0"},
	"Deployment free/tagged-istio":       {Set: true, Value: "prod"},
	"Deployment b/beside-istio":          {},
}

// A gateway that istiod deploys is frozen before a label or a tag could move it, moved by a
// held rollout, and unfrozen at the end. Rolled back from any point, it has what it had.
func TestAPIGatewaysAreMovedAndRolledBack(t *testing.T) {
	t.Parallel()
	w0, in := apiGatewayWorld(), gatewayIntent(step.GatewaysLast)
	target := plantest.Forward(t, w0, in, step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	end, _, done := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First,
		func(w mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if drift := plan.Drift(left, target, l); drift != nil {
				t.Fatalf("drift without a disturbance: got %v, want none", drift)
			}
			requireOwner(t, w)
		})
	for _, ref := range slices.Sorted(maps.Keys(apiGateways)) {
		wl, _ := end.Workload(ref)
		if got := mesh.JoinRevisions(wl.Sidecars()); got != "1-31-0" || wl.APIGateway.Label != apiGateways[ref] || wl.APIGateway.FrozenBy != "" {
			t.Errorf("%s: got revision %s, label %+v, frozen by %q; want 1-31-0, %+v and not frozen",
				ref, got, wl.APIGateway.Label, wl.APIGateway.FrozenBy, apiGateways[ref])
		}
		verified := func(s step.Step) bool { return s.Kind == step.Verify && s.Workload() == ref }
		if !slices.ContainsFunc(done, verified) {
			t.Errorf("%s: got no verification, want one", ref)
		}
	}
	for k := range len(done) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(in, l, 0)
		l = plantest.Approve(w, back, l)
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if drift := plan.Drift(left, back, l); drift != nil {
				t.Fatalf("point %d: drift of the rollback: got %v, want none", k, drift)
			}
			requireOwner(t, w)
		})
		if diff := cmp.Diff(plantest.Settled(w0), unprimed(plantest.Settled(end))); diff != "" {
			t.Fatalf("rolled back after %d steps (-before +after):\n%s", k, diff)
		}
	}
}

// unprimed gives replaced pods the names of those that they replaced.
func unprimed(w mesh.World) mesh.World {
	for i, wl := range w.Workloads {
		w.Workloads[i].Pods = slices.Clone(wl.Pods)
		for n, p := range wl.Pods {
			w.Workloads[i].Pods[n].Name = strings.TrimRight(p.Name, "'")
		}
	}
	return w
}

// requireOwner fails if an istiod that deploys a Gateway would re-create its pods: the
// Deployment is not frozen, and another revision than its template's owns the Gateway.
func requireOwner(t *testing.T, w mesh.World) {
	t.Helper()
	for ref := range apiGateways {
		wl, _ := w.Workload(ref)
		label := wl.APIGateway.Label
		if ns, _ := w.Namespace(wl.Namespace); !label.Set {
			label.Value, label.Set = ns.Labels[mesh.RevisionLabel]
		}
		owners := w.GatewayClaims(label.Value)
		if wl.APIGateway.FrozenBy == "" && !slices.Equal(owners, []string{wl.Template.Deployed()}) {
			t.Fatalf("%s: owned by %v and deployed by %s without being frozen", ref, owners, wl.Template.Deployed())
		}
	}
}

// A gateway whose Deployment cannot be moved by a held rollout is blocked, and its namespace
// is refused: the label would have istiod re-create its pods at once.
func TestBlockedAPIGatewayRefusesItsNamespace(t *testing.T) {
	for _, c := range []struct {
		name     string
		version  string
		change   func(*mesh.Workload)
		wantText string
	}{
		{name: "a target that configures only its own Gateways", version: "1.30.1", wantText: "label that Gateway"},
		{name: "no right to read Gateways", change: func(wl *mesh.Workload) {
			wl.APIGateway = mesh.APIGatewayObject{Unread: "Gateways may not be listed"}
		}, wantText: "label that Gateway"},
		{name: "a GitOps tool that manages its label", change: func(wl *mesh.Workload) {
			wl.Namespace, wl.APIGateway.LabelManagedBy = "by-namespace", "Argo CD application edge"
		}, wantText: "label that Gateway"},
		{name: "scaled to zero", change: func(wl *mesh.Workload) { wl.Replicas = 0 }, wantText: "label that Gateway"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, in := apiGatewayWorld(), gatewayIntent(step.GatewaysLast)
			if c.version != "" {
				in.Version = c.version
			}
			for i, wl := range w.Workloads {
				if wl.Ref() == "Deployment by-namespace/edge-istio" && c.change != nil {
					c.change(&w.Workloads[i])
				}
			}
			_, err := plan.ForwardTarget(w, in, step.Ledger{})
			if err == nil || !strings.Contains(err.Error(), c.wantText) {
				t.Errorf("got %v, want an error with %q", err, c.wantText)
			}
		})
	}
}

// Gateways that the run moves do not refer to the old revision at its end.
func TestMovedGatewaysLetTheOldRevisionGo(t *testing.T) {
	named := func(w mesh.World, in step.Intent) (subjects []string) {
		t.Helper()
		in.Remove = true
		target, err := plan.ResolveTarget(w, in, step.Ledger{})
		if err != nil {
			t.Fatal(err)
		}
		if len(target.Remove) == 0 {
			t.Fatal("the target removes no revision")
		}
		for _, n := range plan.Make(w, target, step.Ledger{}).Notes {
			if n.Kind == step.StillReferenced {
				subjects = append(subjects, n.Subject)
			}
		}
		return step.SortedUnique(subjects)
	}
	w := apiGatewayWorld()
	w.References = []mesh.Reference{{Subject: "Gateway free/named", Value: "1-29-1", Through: "label istio.io/rev=1-29-1"}}
	if got := named(w, gatewayIntent(step.GatewaysLast)); !slices.Equal(got, []string{string(ingressRef)}) {
		t.Errorf("Gateways of the Gateway API, moved: got %v, want only the gateway of istioctl", got)
	}
	in := gatewayIntent(step.LeaveGateways)
	in.Exclude = []string{"b", "by-namespace"}
	left := named(w, in)
	for _, want := range []string{"Gateway free/named", "Deployment by-namespace/edge-istio"} {
		if !slices.Contains(left, want) {
			t.Errorf("Gateways of the Gateway API, left: got %v, want %s in them", left, want)
		}
	}
	w = renderedWorld()
	for _, ref := range []mesh.WorkloadRef{ingressRef, egressRef} {
		w.Components = append(w.Components, mesh.Component{Kind: "Deployment", Namespace: ref.Namespace(), Name: ref.Name(),
			Revision: "1-29-1", IstioComponent: "IngressGateways", Shared: true})
	}
	if got := named(w, renderedIntent(step.GatewaysLast, heldRule(ingressRef))); !slices.Equal(got, []string{string(egressRef)}) {
		t.Errorf("gateways of istioctl: got %v, want the one that no rule names", got)
	}
}
