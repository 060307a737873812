// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// clean demands that a run of swaps is over and has left nothing behind.
func clean(t *testing.T, f *fake, at string, on string) {
	t.Helper()
	if got := where(f); got != on {
		t.Fatalf("%s: it stands at %s", at, got)
	}
	if left := f.left(); left != nil {
		t.Fatalf("%s: left behind: %v", at, left)
	}
	if n := len(f.uids()); n != 12 {
		t.Fatalf("%s: %d pods are there, not 12", at, n)
	}
}

const (
	allNew = "[1-31-0] [1-31-0] [1-31-0]"
	allOld = "[1-29-1] [1-29-1] [1-29-1]"
)

func TestSwapMovesEveryPodAndChangesNoTemplate(t *testing.T) {
	t.Parallel()
	f := swapping()
	expect(t, f, Completed)
	clean(t, f, "at the end", allNew)
	for _, c := range f.writes {
		if c.Kind == "Deployment" {
			t.Errorf("the template of %s/%s was written to", c.Namespace, c.Name)
		}
	}
}

// A crash after each port call of a swap, and the same command again, leaves
// nothing behind.
func TestSwapSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := swapping()
		f.dieAt = n
		_, err := f.run()
		f.dieAt = 0
		expect(t, f, Completed)
		clean(t, f, "killed", allNew)
		if err == nil {
			t.Logf("%d crash points", n-1)
			return
		}
	}
}

// Until a wave's parked pods are ended, the way back from a crash anywhere has the
// same pods serve again. None is left behind, however often it crashes.
func TestSwapRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := swapping()
		before := f.uids()
		f.dieAt = n
		_, err := f.run()
		retired := slices.ContainsFunc(f.writes, func(c step.Change) bool { return c.Verb == step.DeleteKept && c.Kind == "Pod" })
		f.intent.Rollback = true
		f.dieAt = f.calls + n%37
		_, _ = f.run()
		f.dieAt = 0
		expect(t, f, RolledBack)
		clean(t, f, "rolled back", allOld)
		if diff := cmp.Diff(before, f.uids()); diff != "" && !retired {
			t.Fatalf("killed after port call %d: other pods serve (-before +after):\n%s", n, diff)
		}
		if err == nil {
			return
		}
	}
}

// The first pod is the trial: when its replacement fails, the workload's others are
// not touched, and a wave that is put back has the same pods again.
func TestFailingReplacementHoldsTheSwap(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reverts bool
	}{
		{"never ready", func(f *fake) { f.unready = "Deployment b/y" }, false},
		{"never ready, rolled back", func(f *fake) { f.unready = "Deployment b/y" }, true},
		{"rejects its configuration", func(f *fake) { f.rejects = "b" }, false},
		{"rejects its configuration, rolled back", func(f *fake) { f.rejects = "b" }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := swapping()
			before := f.uids()
			f.intent.RollbackOnFailure = tc.reverts
			tc.breaks(f)
			expect(t, f, Held)
			wl, _ := f.world.Workload("Deployment b/y")
			if !tc.reverts && len(wl.DetachedPods()) != 1 {
				t.Errorf("got %d pods of b/y in the swap, want 1: %+v", len(wl.DetachedPods()), f.ledger.Held)
			}
			if tc.reverts && (where(f) != "[1-31-0] [1-29-1] [1-29-1]" || !slices.Equal(before[4:], f.uids()[4:]) || f.left() != nil) {
				t.Errorf("after the rollback: got %s, pods %v, left %v; %+v", where(f), f.uids(), f.left(), f.ledger.Held)
			}
			healthy(f)
			for i := range f.world.Workloads {
				for j := range f.world.Workloads[i].Pods {
					f.world.Workloads[i].Pods[j].Ready = true
				}
				f.reconcile(&f.world.Workloads[i])
			}
			f.agree()
			expect(t, f, Completed)
			clean(t, f, "corrected", allNew)
		})
	}
}

// A swap whose keeper has no room is not begun; it is named when its time is up, and
// goes on once there is room.
func TestSwapWaitsForQuotaOfItsKeeper(t *testing.T) {
	t.Parallel()
	f := swapping()
	f.world.Capacity.Quotas = []mesh.Quota{{Namespace: "b", Name: "tight", Resource: "services", Hard: 2, Used: 2}}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "Deployment b/x" || !strings.Contains(h.Message, "ResourceQuota tight has 0 of 2 services left") {
		t.Errorf("held with %+v", h)
	}
	for _, c := range f.writes {
		if c.Namespace == "b" && c.Kind != "Namespace" {
			t.Errorf("the swap has begun: %s %s %s", c.Verb, c.Kind, c.Name)
		}
	}
	f.world.Capacity.Quotas[0].Hard = 4
	expect(t, f, Completed)
	clean(t, f, "with room", allNew)
}

// A parked pod that something still goes through is not ended: the run holds and
// names it.
func TestBusyParkedPodIsNotDeleted(t *testing.T) {
	t.Parallel()
	f := swapping()
	f.busy = "x0"
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || !strings.Contains(h.Message, "pod x0 still receives traffic: 1 request under way") {
		t.Errorf("held with %+v", h)
	}
	f.busy = ""
	expect(t, f, Completed)
	clean(t, f, "once quiet", allNew)
}

// A template that changes while pods are parked is not adopted into: the way back
// makes new pods.
func TestTemplateChangeWhileParked(t *testing.T) {
	t.Parallel()
	f := swapping()
	f.acted = func(c step.Change) {
		if c.Kind == "Pod" && c.Namespace == "a" && strings.Contains(string(c.Patch), `"app":null`) {
			for i := range f.world.Workloads {
				if wl := &f.world.Workloads[i]; wl.Namespace == "a" && len(wl.DetachedPods()) == 2 {
					f.deploy(wl)
				}
			}
		}
	}
	f.dieAt = 70
	_, _ = f.run()
	f.dieAt, f.intent.Rollback, f.acted = 0, true, nil
	expect(t, f, RolledBack)
	clean(t, f, "rolled back", allOld)
}

// deploy gives a workload another template, and new pods of it.
func (f *fake) deploy(wl *mesh.Workload) {
	wl.ReplicaSetHash, wl.Template.Hash = "h2", "deployed"
	var rest []mesh.Pod
	for _, p := range wl.Pods {
		if !p.HasController {
			rest = append(rest, p)
		}
	}
	wl.Pods = rest
	f.reconcile(wl)
}

// A pod that somebody ended and that does not go is no reason to spin, and holds
// nothing up: its mark goes with it. One that is not as it was seen, each time, is.
func TestTerminatingPodDoesNotSpin(t *testing.T) {
	t.Parallel()
	f := swapping()
	f.dieAt = 75
	_, _ = f.run()
	f.dieAt, f.intent.Rollback = 0, true
	f.acted = func(c step.Change) {
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; p.Name == "x0" && p.Swap.Place == mesh.Attached && p.Swap.Marked() {
					p.Terminating = true
				}
			}
		}
	}
	f.dieAt = f.calls + 2000 // a tenth of which does
	expect(t, f, RolledBack)
}

// The new pods of a workload go bad while its old ones are parked: the way back
// puts each of these in its place again, and waits for none of those.
func TestRollbackReattachesPodsWhenNewOnesFail(t *testing.T) {
	t.Parallel()
	f := swapping()
	before := f.uids()
	f.acted = func(c step.Change) {
		for i := range f.world.Workloads {
			wl := &f.world.Workloads[i]
			if wl.Namespace != "b" || len(wl.DetachedPods()) < 2 {
				continue
			}
			for j := range wl.Pods {
				if p := &wl.Pods[j]; p.HasController && p.Sidecar.Revision == "1-31-0" {
					p.Ready, p.Endpoints, p.Problem = false, nil, "app: CrashLoopBackOff"
				}
			}
		}
	}
	f.intent.RollbackOnFailure = false
	if outcome, _ := f.run(); outcome != Held {
		t.Fatalf("it ended with %s", outcome)
	}
	f.acted, f.intent.Rollback = nil, true
	expect(t, f, RolledBack)
	clean(t, f, "rolled back", allOld)
	if now := f.uids(); !slices.Equal(before[4:8], now[4:8]) {
		t.Errorf("in b other pods serve: %v, not %v", now, before)
	}
}
