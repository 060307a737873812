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

const (
	ingressRef mesh.WorkloadRef = "Deployment istio-system/istio-ingressgateway"
	egressRef  mesh.WorkloadRef = "Deployment istio-system/istio-egressgateway"
)

// renderedGateway is a gateway that istioctl installed.
func renderedGateway(ref mesh.WorkloadRef, component string) mesh.Workload {
	wl := plantest.Workload(mesh.Deployment, ref.Namespace(), ref.Name(), 2)
	wl.Gateway, wl.ReplicaSetHash = true, "h"+ref.Name()
	for i := range wl.Pods {
		wl.Pods[i].HasController = true
	}
	wl.Template = mesh.Template{
		Hash: "t0", Proxy: true, Annotations: map[string]string{mesh.RevisionLabel: "1-29-1"},
		Labels: map[string]string{"app": ref.Name(), mesh.RevisionLabel: "1-29-1", mesh.SidecarLabel: "false"},
	}
	wl.Installed = mesh.InstalledGateway{Operator: "v1-29-1", Component: component, Revision: "1-29-1"}
	wl.Services = []mesh.Service{{
		Name: wl.Name, Selector: map[string]string{"app": wl.Name},
		Ports: []mesh.Port{{Name: "http2", Number: 80, Target: "8080", Protocol: "TCP"}},
	}}
	return wl
}

// renderedWorld is plantest.World whose gateways istioctl installed.
func renderedWorld() mesh.World {
	w := plantest.World()
	w.Workloads = slices.DeleteFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Gateway })
	w.Workloads = append(w.Workloads, renderedGateway(ingressRef, "IngressGateways"), renderedGateway(egressRef, "EgressGateways"))
	w.Sort()
	return w
}

// heldRule names a workload, and says held-rollout.
func heldRule(ref mesh.WorkloadRef) step.Rule {
	return step.Rule{Kind: ref.Kind(), Namespace: ref.Namespace(), Name: ref.Name(), Strategy: step.ByHold}
}

func renderedIntent(mode step.GatewayMode, rules ...step.Rule) step.Intent {
	in := gatewayIntent(mode)
	in.Policy.RendersGateways, in.Policy.Rules = true, rules
	return in
}

// Gateways that istioctl installed have waves of their own, whatever namespaces are selected.
func TestWavesOfGatewaysThatIstioctlInstalled(t *testing.T) {
	both := []step.Rule{heldRule(ingressRef), heldRule(egressRef)}
	sidecars, ingress, egress := []string{"a", "b", "c", "d"}, []string{string(ingressRef)}, []string{string(egressRef)}
	for _, c := range []struct {
		name   string
		in     step.Intent
		change func(*step.Intent)
		want   [][]string
	}{
		{name: "last", in: renderedIntent(step.GatewaysLast, both...), want: [][]string{sidecars, egress, ingress}},
		{name: "first", in: renderedIntent(step.GatewaysFirst, both...), want: [][]string{egress, ingress, sidecars}},
		{name: "with their namespace", in: renderedIntent(step.GatewaysWith, both...), want: [][]string{sidecars, egress, ingress}},
		{name: "one that is named", in: renderedIntent(step.GatewaysLast, both[0]), want: [][]string{sidecars, ingress}},
		{name: "none that is named", in: renderedIntent(step.GatewaysLast), want: [][]string{sidecars}},
		{name: "a pattern names none", in: renderedIntent(step.GatewaysLast, step.Rule{Namespace: "istio-system", Strategy: step.ByHold}),
			want: [][]string{sidecars}},
		{name: "a later pattern decides", in: renderedIntent(step.GatewaysLast, both[0], step.Rule{Strategy: step.BySwap}),
			want: [][]string{sidecars}},
		{name: "beside one namespace", in: renderedIntent(step.GatewaysLast, both...),
			change: func(in *step.Intent) { in.Namespaces = []string{"b"} }, want: [][]string{{"b"}, egress, ingress}},
		{name: "beside explicit waves", in: renderedIntent(step.GatewaysLast, both...),
			change: func(in *step.Intent) { in.Waves = [][]string{{"b"}, {"a"}} }, want: [][]string{{"b"}, {"a"}, egress, ingress}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.in)
			}
			var got [][]string
			target := plantest.Forward(t, renderedWorld(), c.in, step.Ledger{})
			for _, wave := range target.Waves {
				got = append(got, wave.Namespaces)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("waves (-want +got):\n%s", diff)
			}
			if slices.Contains(target.Namespaces(), "istio-system") || target.Revisions["istio-system"] != "" {
				t.Errorf("got the root namespace among %v, want it left alone", target.Namespaces())
			}
		})
	}
}

// The gateways alone are left to be moved by a later run.
func TestGatewaysAloneAreMoved(t *testing.T) {
	w, in := renderedWorld(), renderedIntent(step.GatewaysLast)
	target := plantest.Forward(t, w, in, step.Ledger{})
	w, _, _ = plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	in.Policy.Rules = []step.Rule{heldRule(ingressRef)}
	target = plantest.Forward(t, w, in, step.Ledger{})
	if len(target.Waves) != 1 || len(target.Namespaces()) != 0 || len(target.Gateways()) != 1 {
		t.Fatalf("got waves %v, want one of the gateway", target.Waves)
	}
	w, _, _ = plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if wl, _ := w.Workload(ingressRef); mesh.JoinRevisions(wl.Sidecars()) != "1-31-0" {
		t.Errorf("got revisions %v, want 1-31-0", wl.Sidecars())
	}
	if _, err := plan.ForwardTarget(w, in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), "nothing to move") {
		t.Errorf("got %v, want an error that nothing is to move", err)
	}
}

// A gateway that istioctl installed is moved by a held rollout, and its objects are labelled
// when its old pods are gone. Nothing else in the root namespace is touched. Rolled back from
// any point, it has what it had.
func TestInstalledGatewaysAreMovedAndRolledBack(t *testing.T) {
	t.Parallel()
	w0, in := renderedWorld(), renderedIntent(step.GatewaysLast, heldRule(ingressRef), heldRule(egressRef))
	inputs := map[mesh.WorkloadRef]string{ingressRef: step.RenderedInput("rerig-gateway-istio-ingressgateway", "abc")}
	target := plantest.Forward(t, w0, in, step.Ledger{RenderedInputs: inputs})
	planned := plan.Make(w0, target, step.Ledger{RenderedInputs: inputs})
	end, _, done := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First,
		func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if drift := plan.Drift(left, target, l); drift != nil {
				t.Fatalf("drift without a disturbance: got %v, want none", drift)
			}
			if wl, _ := w.Workload(s.Workload()); s.Kind == step.LabelGateway && wl.Swapping() {
				t.Errorf("%s: labelled while its old pods exist", s.Subject)
			}
		})
	for _, ref := range []mesh.WorkloadRef{ingressRef, egressRef} {
		wl, _ := end.Workload(ref)
		if got := mesh.JoinRevisions(wl.Sidecars()); got != "1-31-0" || wl.Installed.Revision != "1-31-0" {
			t.Errorf("%s: got revision %s and label %s, want 1-31-0", ref, got, wl.Installed.Revision)
		}
	}
	for _, s := range done {
		if s.Namespace() == "istio-system" && s.Workload() != ingressRef && s.Workload() != egressRef {
			t.Errorf("got %s, want nothing else in the root namespace", s)
		}
		if s.Kind == step.Swap && s.Workload() == ingressRef && s.Input != inputs[ingressRef] {
			t.Errorf("got input %q, want %q", s.Input, inputs[ingressRef])
		}
	}
	for k := range len(done) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		in := in
		in.Policy.Rules = nil // what was moved is rolled back without them
		back := plan.RollbackTarget(in, l, 0)
		l = plantest.Approve(w, back, l)
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, func(_ mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if drift := plan.Drift(left, back, l); drift != nil {
				t.Fatalf("point %d: drift of the rollback: got %v, want none", k, drift)
			}
		})
		if diff := cmp.Diff(plantest.Settled(w0), unprimed(plantest.Settled(end))); diff != "" {
			t.Fatalf("rolled back after %d steps (-before +after):\n%s", k, diff)
		}
	}
}

// What is rendered is part of what is approved.
func TestAnotherRenderedTemplateIsDrift(t *testing.T) {
	w, in := renderedWorld(), renderedIntent(step.GatewaysLast, heldRule(ingressRef))
	with := func(digest string) step.Ledger {
		return step.Ledger{RenderedInputs: map[mesh.WorkloadRef]string{ingressRef: step.RenderedInput("rerig-gateway-x", digest)}}
	}
	p := plan.Make(w, plantest.Forward(t, w, in, with("one")), with("one"))
	l := plan.NewLedger(p, plantest.Noon)
	if l.RenderedInputs[ingressRef] != "rerig-gateway-x/one" {
		t.Errorf("got recorded inputs %v, want the approved one", l.RenderedInputs)
	}
	l.RenderedInputs = with("two").RenderedInputs
	target := plantest.Forward(t, w, in, l)
	later := plan.Make(w, target, l)
	drift := plan.Drift(later.Stages, target, l)
	if later.Digest == p.Digest || len(drift) != 1 || drift[0].Kind != step.Swap {
		t.Errorf("got digests %s and %s, drift %v; want another digest, and the swap", p.Digest, later.Digest, drift)
	}
}

// A rule that names a gateway which istioctl installed is followed or refused.
func TestRulesOnInstalledGatewaysAreRefused(t *testing.T) {
	say := func(s step.Strategy) func(*step.Intent) {
		return func(in *step.Intent) { in.Policy.Rules[0].Strategy = s }
	}
	for _, c := range []struct {
		name     string
		intent   func(*step.Intent)
		change   func(*mesh.Workload)
		wantText string
	}{
		{name: "swap", intent: say(step.BySwap),
			wantText: "say held-rollout: --workload 'Deployment istio-system/istio-ingressgateway=held-rollout'"},
		{name: "restart", intent: say(step.ByRestart), wantText: "say held-rollout"},
		{name: "no file", intent: func(in *step.Intent) { in.Policy.RendersGateways = false }, wantText: "give that file with --operator"},
		{name: "gateways are left", intent: func(in *step.Intent) { in.Policy.Gateways = "" }, wantText: "add --gateways last"},
		{name: "excluded", intent: func(in *step.Intent) { in.Exclude = []string{"istio-system"} }, wantText: "it is in no wave"},
		{name: "of a chart", change: func(wl *mesh.Workload) { wl.Installed = mesh.InstalledGateway{} }, wantText: "not by istioctl"},
		{name: "of a release", change: func(wl *mesh.Workload) { wl.ManagedBy = "Helm release istio-system/gw" },
			wantText: "Helm release istio-system/gw manages it"},
		{name: "of an unknown revision", change: func(wl *mesh.Workload) { wl.Template.Annotations = nil },
			wantText: "does not say for which revision"},
		{name: "paused", change: func(wl *mesh.Workload) { wl.Rollout.Paused = true }, wantText: "rollout is paused"},
		{name: "hostNetwork", change: func(wl *mesh.Workload) { wl.Template.HostNetwork = true },
			wantText: "a new one would need the ports of the old one"},
		{name: "no Service", change: func(wl *mesh.Workload) { wl.Services = nil }, wantText: "no Service selects its pods"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, in := renderedWorld(), renderedIntent(step.GatewaysLast, heldRule(ingressRef))
			if c.intent != nil {
				c.intent(&in)
			}
			for i, wl := range w.Workloads {
				if wl.Ref() == ingressRef && c.change != nil {
					c.change(&w.Workloads[i])
				}
			}
			_, err := plan.ForwardTarget(w, in, step.Ledger{})
			if err == nil || !strings.Contains(err.Error(), c.wantText) || !strings.Contains(err.Error(), string(ingressRef)) {
				t.Errorf("got %v, want an error with %q", err, c.wantText)
			}
		})
	}
}

// A gateway that no rule names is left, and the plan says how to have it moved.
func TestPlanSaysHowAnInstalledGatewayIsMoved(t *testing.T) {
	w, in := renderedWorld(), renderedIntent(step.GatewaysLast, heldRule(ingressRef))
	p := plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{})
	i := slices.IndexFunc(p.Notes, func(n step.Note) bool { return n.Subject == string(egressRef) })
	if i < 0 || !strings.Contains(p.Notes[i].Remedy, "--workload 'Deployment istio-system/istio-egressgateway=held-rollout'") {
		t.Errorf("got notes %+v, want one on %s with the rule that moves it", p.Notes, egressRef)
	}
	for _, d := range p.Decisions {
		if d.Workload != ingressRef {
			continue
		}
		for _, want := range []string{
			"istioctl installed it (IstioOperator v1-29-1)", "next `istioctl install`", "rollback restores", "--park-max",
		} {
			if d.Strategy != step.ByHold || !strings.Contains(d.Reason, want) {
				t.Errorf("got %s: %s; want held-rollout with %q", d.Strategy, d.Reason, want)
			}
		}
	}
	for _, n := range p.Notes {
		if n.Subject == string(ingressRef) {
			t.Errorf("got note %+v, want none on a gateway that is moved", n)
		}
	}
}
