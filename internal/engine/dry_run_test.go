// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A dry run that fails before the removal holds the run before anything is deleted;
// one that fails only afterwards holds it then.
func TestFailingDryRunHolds(t *testing.T) {
	t.Parallel()
	for _, denied := range []string{"b", "configuration"} {
		f := removalUpgrade()
		f.dryRunDenied = denied
		outcome, err := f.run()
		if err != nil || outcome != Held || !strings.Contains(f.ledger.Held.Subject, denied) || len(f.world.Components) != 4 {
			t.Errorf("%s: got %v, %v, %+v, components %v, want a hold before the removal", denied, outcome, err, f.ledger.Held, f.world.Components)
		}
		f = removalUpgrade()
		f.afterWrite = func(c step.Change) {
			if c.Verb == step.Delete {
				f.dryRunDenied = denied
			}
		}
		outcome, err = f.run()
		if err != nil || outcome != Held || !strings.Contains(f.ledger.Held.Subject, denied) || len(f.world.Components) != 0 {
			t.Errorf("%s, after the removal: got %v, %v, %+v, components %v, want a hold", denied, outcome, err, f.ledger.Held, f.world.Components)
		}
	}
}

// A dry run that failed before the removal need not pass after it; one that passed
// must still pass.
func TestDryRunsRequireWhatPassedBefore(t *testing.T) {
	t.Parallel()
	gone := func(f *fake) bool { return len(f.world.Components) == 0 }
	excluded := mesh.Workload{Kind: mesh.Deployment, Namespace: "b", Name: "a-never", Replicas: 1,
		Rollout: mesh.Rollout{Done: true}, Pods: []mesh.Pod{{Name: "a-never-0", Running: true, Ready: true}}}
	for _, c := range []struct {
		name     string
		workload bool // one exists that the injection policy excludes
		empty    bool // one namespace has no workloads
		answers  func(*fake, *mesh.DryRunAttempt)
		held     string
	}{
		{"nothing validates", false, false, func(_ *fake, a *mesh.DryRunAttempt) { a.Accepted = a.Accepted || a.InvalidConfig }, ""},
		{"a workload is never injected", true, false, func(_ *fake, a *mesh.DryRunAttempt) {
			a.Sidecar.Present = !strings.Contains(string(a.Workload), "a-never")
		}, ""},
		{"a bare pod is refused", false, true, func(_ *fake, a *mesh.DryRunAttempt) {
			if a.Pod && a.Workload == "" {
				a.Accepted, a.Refusal = false, "no limits"
			}
		}, ""},
		{"a quota is used up", false, false, func(_ *fake, a *mesh.DryRunAttempt) {
			if a.Pod && a.Namespace == "b" {
				a.Accepted, a.OverQuota, a.Refusal, a.Sidecar = false, true, "exceeded quota", mesh.Sidecar{}
			}
		}, ""},
		{"nothing is rejected after the removal", false, false, func(f *fake, a *mesh.DryRunAttempt) {
			a.Accepted = a.Accepted || a.InvalidConfig && gone(f)
		}, "configuration"},
		{"pods get no sidecar after the removal", false, false, func(f *fake, a *mesh.DryRunAttempt) {
			a.Sidecar.Present = !gone(f)
		}, "pod in a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := removalUpgrade()
			if c.workload {
				f.world.Workloads = append(f.world.Workloads, excluded)
			}
			if c.empty {
				f.world.Workloads = slices.DeleteFunc(f.world.Workloads, func(wl mesh.Workload) bool { return wl.Namespace == "c" })
				f.world.Proxies = slices.DeleteFunc(f.world.Proxies, func(p mesh.Proxy) bool { return p.Namespace == "c" })
			}
			f.world.Sort()
			f.ledger = step.Ledger{}
			f.approveTarget()
			f.onDryRun = func(a *mesh.DryRunAttempt) { c.answers(f, a) }
			outcome, err := f.run()
			switch {
			case err != nil, !gone(f):
				t.Errorf("got %v, %v, components %v, want them removed; hold %+v", outcome, err, f.world.Components, f.ledger.Held)
			case c.held == "" && outcome != Completed:
				t.Errorf("got %v, want %v; hold %+v", outcome, Completed, f.ledger.Held)
			case c.held != "" && (outcome != Held || f.ledger.Held.Subject != c.held):
				t.Errorf("got %v, hold %+v, want a hold at %s", outcome, f.ledger.Held, c.held)
			}
		})
	}
}

// The dry run uses the template of a workload that exists and whose template is known.
func TestDryRunPodHasAKnownTemplate(t *testing.T) {
	t.Parallel()
	f := removalUpgrade()
	unusable := []mesh.Workload{
		{Kind: mesh.CronJob, Name: "nightly"},
		{Kind: "CloneSet", Name: "a"},
		{Kind: mesh.Deployment, Name: "a", Deleted: true},
	}
	for _, wl := range unusable {
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
	f.simulate(step.Step{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"})
	x := turn{world: f.world}
	if a := x.dryRunPod("b", "1-31-0"); a.Workload != "Deployment b/x" {
		t.Errorf("got dry run %+v, want the template of Deployment b/x", a)
	}
}

// Dry runs precede and follow the removal by another tool too.
func TestManagedRemovalHasDryRuns(t *testing.T) {
	t.Parallel()
	f := removalUpgrade()
	for i := range f.world.Components {
		f.world.Components[i].ManagedBy = "the Sail operator"
	}
	f.ledger = step.Ledger{}
	f.approveTarget()
	gone := false
	f.onDryRun = func(a *mesh.DryRunAttempt) { a.Accepted = a.Accepted || a.InvalidConfig && gone }
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Subject != "revision 1-29-1" || len(f.world.Components) != 4 {
		t.Fatalf("got %v, %v, %+v, components %v, want a hold at revision 1-29-1", outcome, err, f.ledger.Held, f.world.Components)
	}
	f.simulate(step.Step{Kind: step.Remove, Subject: "revision 1-29-1", To: "1-29-1", By: "the Sail operator"})
	gone = true
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Subject != "configuration" {
		t.Errorf("after the removal by the other tool: got %v, %v, %+v, want a hold at configuration", outcome, err, f.ledger.Held)
	}
}
