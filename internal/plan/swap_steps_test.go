// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// swappableMesh is start with Services, so that its Deployments can be swapped.
func swappableMesh() (mesh.World, step.Intent) {
	w, in := start(), intent()
	in.Policy.Strategy = step.BySwap
	for i, wl := range w.Workloads {
		if wl.Kind != mesh.Deployment {
			continue
		}
		w.Workloads[i].ReplicaSetHash = "h1"
		w.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
		for j := range wl.Pods {
			wl.Pods[j].HasController = true
		}
	}
	return w, in
}

// A plan with swaps keeps the laws of plans: what is left is a suffix of it, it is
// what is done, and the way back from every point of it restores the baseline, pod
// by pod.
func TestSwapsKeepTheLaws(t *testing.T) {
	w0, in := swappableMesh()
	target := forward(t, w0, in, step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		carry(t, w0, target, NewLedger(plan, noon), -1, r.IntN, func(_ mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if diff := cmp.Diff(plan.Stages[len(plan.Stages)-len(left):][1:], left[1:]); diff != "" {
				t.Fatalf("the later stages changed (-plan +left):\n%s", diff)
			}
			if strange := Drift(left, target, l); strange != nil {
				t.Fatalf("undisturbed, and yet drift: %v", strange)
			}
		})
	}
	kinds := map[step.Kind]int{}
	for _, s := range step.Flat(plan.Stages) {
		kinds[s.Kind]++
	}
	if kinds[step.Swap] != 4 || kinds[step.DeleteParked] != 4 || kinds[step.Restart] != 8 {
		t.Errorf("4 Deployments are swapped and retired, 8 others restarted; planned: %v", kinds)
	}
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(in, l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, l, done := carry(t, w, back, l, -1, first, func(w mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if strange := Drift(left, back, l); strange != nil {
				t.Fatalf("point %d: rollback drifts from its own plan: %v", k, strange)
			}
		})
		retired := slices.ContainsFunc(step.Flat(plan.Stages)[:k], func(s step.Step) bool { return s.Kind == step.DeleteParked })
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" && !retired {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
		for _, s := range done {
			if wl, _ := end.Workload(s.Workload()); s.Kind == step.Swap {
				if _, proven := l.Passed[step.VerifyKey(end, wl, "1-29-1")]; !proven || wl.Swapping() {
					t.Fatalf("point %d: %s was swapped back and is not proven, or not rid of its swap", k, s.Subject)
				}
			}
		}
	}
}

// A swap that is begun again proves anew: the template says nothing of the pods.
func TestASwapVoidsEarlierProofs(t *testing.T) {
	w, in := swappableMesh()
	target := forward(t, w, in, step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	back := RollbackTarget(in, l, 0)
	end, l, _ = carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	l = Approve(l, Make(end, target, l), noon)
	for key := range l.Passed {
		if key.Kind == step.Verify && key.Workload.Kind() == mesh.Deployment && key.Revision == "1-31-0" {
			t.Errorf("%s counts for the pods to come", key)
		}
	}
}

func TestWhatASwapDoesNotFit(t *testing.T) {
	w, in := swappableMesh()
	wl, _ := w.Workload("Deployment a/w0")
	for name, tc := range map[string]struct {
		change func(*mesh.Workload)
		says   string
	}{
		"fits":           {func(*mesh.Workload) {}, ""},
		"stateful":       {func(wl *mesh.Workload) { wl.Kind = mesh.StatefulSet }, "fixed names"},
		"bare":           {func(wl *mesh.Workload) { wl.Kind = "ReplicaSet" }, "bare ReplicaSet"},
		"rollout":        {func(wl *mesh.Workload) { wl.Kind = "Rollout" }, "Deployment's ReplicaSet"},
		"bound":          {func(wl *mesh.Workload) { wl.Template.Labels = map[string]string{mesh.RevisionLabel: "x"} }, "its template's own label"},
		"storage":        {func(wl *mesh.Workload) { wl.NotSideBySide = "it mounts a claim" }, "mounts a claim"},
		"unserved":       {func(wl *mesh.Workload) { wl.Services = nil }, "no Service"},
		"service by set": {func(wl *mesh.Workload) { wl.Services[0].Selector = map[string]string{swap.HashLabel: "h1"} }, "selects by pod-template-hash"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := wl
			changed.Services = slices.Clone(wl.Services)
			tc.change(&changed)
			why := swap.Unfit(changed)
			if (why == "") != (tc.says == "") || !strings.Contains(why, tc.says) {
				t.Errorf("it says %q, not %q", why, tc.says)
			}
			p := strategy.Decide(in.Policy, changed)
			if (p.Strategy == step.BySwap) != (tc.says == "") {
				t.Errorf("it is moved by %s: %s", p.Strategy, p.Reason)
			}
		})
	}
}

// A rule that names a workload is followed or refused; the policy gives way, and says so.
func TestARuleThatDoesNotFitIsRefused(t *testing.T) {
	w, in := swappableMesh()
	in.Policy.Rules = []step.Rule{{Kind: mesh.StatefulSet, Namespace: "a", Name: "w1", Strategy: step.BySwap}}
	if _, err := ForwardTarget(w, in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), "fixed names") || !strings.Contains(
		err.Error(),
		"StatefulSet a/w1",
	) {
		t.Errorf("the rule is taken: %v", err)
	}
	in.Policy.Rules = nil
	says := 0
	for _, n := range advice.Notes(w, forward(t, w, in, step.Ledger{})) {
		if n.Kind == step.NotSwapped {
			says++
		}
	}
	if says != 8 {
		t.Errorf("%d of 8 workloads that are not swapped are said not to be", says)
	}
}

// The labels that are taken away free a pod from every Service, and are no more
// than that takes.
func TestTakesFreesFromEveryService(t *testing.T) {
	wl := mesh.Workload{Services: []mesh.Service{
		{Name: "a", Selector: map[string]string{"app": "web", "version": "1"}},
		{Name: "b", Selector: map[string]string{"app": "web"}},
		{Name: "c", Selector: map[string]string{"tier": "front"}}}}
	if diff := cmp.Diff(map[string]string{"app": "web", "tier": "front"}, swap.LabelsToRemove(wl, mesh.Pod{})); diff != "" {
		t.Error(diff)
	}
}

// A keeper has each target once, under names and numbers of its own.
func TestAKeeperHasEveryTarget(t *testing.T) {
	got := swap.KeeperPorts([]mesh.Service{
		{
			Name: "a",
			Ports: []mesh.Port{
				{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"},
				{Name: "grpc", Number: 81, Target: "grpc", Protocol: "TCP"},
			},
		},
		{
			Name: "b",
			Ports: []mesh.Port{
				{Name: "http", Number: 80, Target: "9090", Protocol: "TCP"},
				{Name: "http-again", Number: 88, Target: "8080", Protocol: "TCP"},
			},
		}})
	want := []swap.KeeperPort{
		{Name: "http", Port: 80, TargetPort: 8080, Protocol: "TCP"},
		{Name: "grpc", Port: 81, TargetPort: "grpc", Protocol: "TCP"},
		{Name: "http-1", Port: 1, TargetPort: 9090, Protocol: "TCP"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
