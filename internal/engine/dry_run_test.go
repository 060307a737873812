// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// What does not work before the removal holds it before anything is deleted; what
// stops working with it, afterwards.
func TestFailingDryRunHolds(t *testing.T) {
	t.Parallel()
	for _, denied := range []string{"b", "configuration"} {
		f := removing()
		f.denies = denied
		outcome, err := f.run()
		if err != nil || outcome != Held || !strings.Contains(f.ledger.Held.Subject, denied) || len(f.world.Components) != 4 {
			t.Errorf("%s: %v %v %+v, left %v", denied, outcome, err, f.ledger.Held, f.world.Components)
		}
		f = removing()
		f.acted = func(c step.Change) {
			if c.Verb == step.Delete {
				f.denies = denied
			}
		}
		outcome, err = f.run()
		if err != nil || outcome != Held || !strings.Contains(f.ledger.Held.Subject, denied) || len(f.world.Components) != 0 {
			t.Errorf("%s, afterwards: %v %v %+v, left %v", denied, outcome, err, f.ledger.Held, f.world.Components)
		}
	}
}

// What the mesh did not do before, nobody asks of it afterwards; what it did, it
// has to do still.
func TestDryRunsRequireWhatPassedBefore(t *testing.T) {
	t.Parallel()
	gone := func(f *fake) bool { return len(f.world.Components) == 0 }
	odd := mesh.Workload{Kind: mesh.Deployment, Namespace: "b", Name: "a-never", Replicas: 1, Rollout: mesh.Rollout{Done: true}, Pods: []mesh.Pod{{Name: "a-never-0", Running: true, Ready: true}}}
	for _, c := range []struct {
		name     string
		workload bool // there is one that the injection's own policy leaves out
		empty    bool // there is a namespace without workloads
		answers  func(*fake, *mesh.DryRunAttempt)
		held     string
	}{
		{"nothing validates", false, false, func(_ *fake, a *mesh.DryRunAttempt) { a.Admitted = a.Admitted || a.InvalidConfig }, ""},
		{"a workload is never injected", true, false, func(_ *fake, a *mesh.DryRunAttempt) {
			a.Sidecar.Present = !strings.Contains(string(a.Workload), "a-never")
		}, ""},
		{"a bare pod is refused", false, true, func(_ *fake, a *mesh.DryRunAttempt) {
			if a.Pod && a.Workload == "" {
				a.Admitted, a.Refusal = false, "no limits"
			}
		}, ""},
		{"a quota is used up", false, false, func(_ *fake, a *mesh.DryRunAttempt) {
			if a.Pod && a.Namespace == "b" {
				a.Admitted, a.OverQuota, a.Refusal, a.Sidecar = false, true, "exceeded quota", mesh.Sidecar{}
			}
		}, ""},
		{"the validator lets everything pass then", false, false, func(f *fake, a *mesh.DryRunAttempt) { a.Admitted = a.Admitted || a.InvalidConfig && gone(f) }, "configuration"},
		{"pods get no sidecar then", false, false, func(f *fake, a *mesh.DryRunAttempt) { a.Sidecar.Present = !gone(f) }, "pod in a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := removing()
			if c.workload {
				f.world.Workloads = append(f.world.Workloads, odd)
			}
			if c.empty {
				f.world.Workloads = slices.DeleteFunc(f.world.Workloads, func(wl mesh.Workload) bool { return wl.Namespace == "c" })
				f.world.Proxies = slices.DeleteFunc(f.world.Proxies, func(p mesh.Proxy) bool { return p.Namespace == "c" })
			}
			f.world.Sort()
			f.ledger = step.Ledger{}
			f.agreeAimed()
			f.answers = func(a *mesh.DryRunAttempt) { c.answers(f, a) }
			outcome, err := f.run()
			switch {
			case err != nil, !gone(f):
				t.Errorf("%v, %v, left %v, %+v", outcome, err, f.world.Components, f.ledger.Held)
			case c.held == "" && outcome != Completed:
				t.Errorf("%v %+v", outcome, f.ledger.Held)
			case c.held != "" && (outcome != Held || f.ledger.Held.Subject != c.held):
				t.Errorf("%v %+v", outcome, f.ledger.Held)
			}
		})
	}
}

// A pod is tried of a workload whose template is known, and that is there.
func TestDryRunPodHasAKnownTemplate(t *testing.T) {
	t.Parallel()
	f := removing()
	for _, wl := range []mesh.Workload{{Kind: mesh.CronJob, Name: "nightly"}, {Kind: "CloneSet", Name: "a"}, {Kind: mesh.Deployment, Name: "a", Deleted: true}} {
		wl.Namespace, wl.Pods = "b", []mesh.Pod{{Name: wl.Name + "-0", Running: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-31-0"}}}
		f.world.Workloads = append(f.world.Workloads, wl)
	}
	f.world.Sort()
	for i, wl := range f.world.Workloads {
		if wl.Namespace == "b" && wl.Kind == mesh.Deployment && !wl.Deleted {
			f.world.Workloads[i].Pods[0].Sidecar.Revision = "1-31-0"
		}
	}
	f.relabel(step.Change{Name: "b", Patch: []byte(`{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}`)})
	f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}, f.now)
	x := turn{world: f.world}
	if a := x.dryRunPod("b", "1-31-0"); a.Workload != "Deployment b/x" {
		t.Errorf("tried is %+v", a)
	}
}

// What others take away is tried before and afterwards as well.
func TestManagedRemovalHasDryRuns(t *testing.T) {
	t.Parallel()
	f := removing()
	for i := range f.world.Components {
		f.world.Components[i].ManagedBy = "the Sail operator"
	}
	f.ledger = step.Ledger{}
	f.agreeAimed()
	gone := false
	f.answers = func(a *mesh.DryRunAttempt) { a.Admitted = a.Admitted || a.InvalidConfig && gone }
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Subject != "revision 1-29-1" || len(f.world.Components) != 4 {
		t.Fatalf("%v %v %+v, left %v", outcome, err, f.ledger.Held, f.world.Components)
	}
	f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Remove, Subject: "revision 1-29-1", To: "1-29-1", By: "the Sail operator"}, f.now)
	gone = true
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Subject != "configuration" {
		t.Errorf("once it is gone: %v %v %+v", outcome, err, f.ledger.Held)
	}
}
