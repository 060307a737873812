// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// requireClean checks that swaps have left nothing behind.
func requireClean(t *testing.T, f *fake, at string, on string) {
	t.Helper()
	wantSidecars(t, f, on)
	if left := f.leftovers(); left != nil {
		t.Fatalf("%s: got leftovers %v, want none", at, left)
	}
	if n := len(f.podUIDs()); n != 12 {
		t.Fatalf("%s: got %d pods, want 12", at, n)
	}
}

const (
	allNew = "[1-31-0] [1-31-0] [1-31-0]"
	allOld = "[1-29-1] [1-29-1] [1-29-1]"
)

func TestSwapMovesEveryPodAndChangesNoTemplate(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	expect(t, f, Completed)
	requireClean(t, f, "at the end", allNew)
	for _, c := range f.writes {
		if c.Kind == "Deployment" {
			t.Errorf("the template of %s/%s was changed", c.Namespace, c.Name)
		}
	}
}

// crashAndComplete kills an upgrade at its nth call and has another process complete it. It
// returns false if the upgrade ended before that call.
func (f *fake) crashAndComplete(t *testing.T, n int) (killed bool) {
	t.Helper()
	f.crashAt = n
	_, err := f.run()
	f.crashAt = 0
	expect(t, f, Completed)
	return err != nil
}

// crashAndRollBack kills an upgrade at its nth call, and its rollback too, and has another
// process complete that. Unless parked pods were deleted before, the same pods have to serve.
// It returns false if the upgrade ended before that call.
func (f *fake) crashAndRollBack(t *testing.T, n int) (killed bool) {
	t.Helper()
	before := f.podUIDs()
	f.crashAt = n
	_, err := f.run()
	deleted := slices.ContainsFunc(f.writes, func(c step.Change) bool { return c.Verb == step.DeleteParkedPod && c.Kind == "Pod" })
	f.intent.Rollback = true
	f.crashAt = f.calls + n%37
	_, _ = f.run()
	f.crashAt = 0
	expect(t, f, RolledBack)
	if diff := cmp.Diff(before, f.podUIDs()); diff != "" && !deleted {
		t.Fatalf("crash at call %d: pods (-before +after):\n%s", n, diff)
	}
	return err != nil
}

func TestSwapSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := swapUpgrade()
		killed := f.crashAndComplete(t, n)
		requireClean(t, f, "killed", allNew)
		if !killed {
			t.Logf("%d crash points", n-1)
			return
		}
	}
}

// While a wave's parked pods exist, a rollback has the same pods serve again. It leaves
// none behind, despite crashes.
func TestSwapRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := swapUpgrade()
		killed := f.crashAndRollBack(t, n)
		requireClean(t, f, "rolled back", allOld)
		if !killed {
			return
		}
	}
}

// When the replacement of the first pod fails, the workload's other pods stay attached.
// A wave that is rolled back has the same pods again.
func TestFailingReplacementHoldsTheSwap(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reverts bool
	}{
		{"never ready", func(f *fake) { f.unreadyWorkload = "Deployment b/y" }, false},
		{"never ready, rolled back", func(f *fake) { f.unreadyWorkload = "Deployment b/y" }, true},
		{"rejects its configuration", func(f *fake) { f.rejectsIn = "b" }, false},
		{"rejects its configuration, rolled back", func(f *fake) { f.rejectsIn = "b" }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := swapUpgrade()
			before := f.podUIDs()
			f.intent.RollbackOnFailure = tc.reverts
			tc.breaks(f)
			expect(t, f, Held)
			wl, _ := f.world.Workload("Deployment b/y")
			if !tc.reverts && len(wl.DetachedPods()) != 1 {
				t.Errorf("got %d pods of b/y in the swap, want 1: %+v", len(wl.DetachedPods()), f.ledger.Held)
			}
			if tc.reverts && (sidecars(f) != "[1-31-0] [1-29-1] [1-29-1]" || !slices.Equal(before[4:], f.podUIDs()[4:]) || f.leftovers() != nil) {
				t.Errorf("after the rollback: got %s, pods %v, left %v; %+v", sidecars(f), f.podUIDs(), f.leftovers(), f.ledger.Held)
			}
			repair(f)
			for i := range f.world.Workloads {
				for j := range f.world.Workloads[i].Pods {
					f.world.Workloads[i].Pods[j].Ready = true
				}
				f.reconcile(&f.world.Workloads[i])
			}
			f.approve()
			expect(t, f, Completed)
			requireClean(t, f, "corrected", allNew)
		})
	}
}

// A swap without quota for its keeper does not start. It times out by name and continues
// once there is quota.
func TestSwapWaitsForQuotaOfItsKeeper(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	f.world.Capacity.Quotas = []mesh.Quota{{Namespace: "b", Name: "tight", Resource: "services", Hard: 2, Used: 2}}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "Deployment b/x", Message: "ResourceQuota tight has 0 of 2 services left"})
	for _, c := range f.writes {
		if c.Namespace == "b" && c.Kind != "Namespace" {
			t.Errorf("got %s %s %s, want no write of the swap", c.Verb, c.Kind, c.Name)
		}
	}
	f.world.Capacity.Quotas[0].Hard = 4
	expect(t, f, Completed)
	requireClean(t, f, "with capacity", allNew)
}

// A parked pod that still receives traffic is not deleted. The run holds and names it.
func TestBusyParkedPodIsNotDeleted(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	f.busyPod = "x0"
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Message: "pod x0 is still in use: 1 request in flight"})
	waits := f.reported(Waiting)
	if v := waits[len(waits)-1].Verdict; v.Check != verify.ParkedPodIdle.Name {
		t.Errorf("got last verdict %+v, want %s", v, verify.ParkedPodIdle.Name)
	}
	f.busyPod = ""
	expect(t, f, Completed)
	requireClean(t, f, "once idle", allNew)
}

// After a template change the parked pods cannot be reattached: the rollback creates new
// pods.
func TestTemplateChangeWhileParked(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	f.afterWrite = func(c step.Change) {
		if c.Kind == "Pod" && c.Namespace == "a" && strings.Contains(string(c.Patch), `"app":null`) {
			for i := range f.world.Workloads {
				if wl := &f.world.Workloads[i]; wl.Namespace == "a" && len(wl.DetachedPods()) == 2 {
					f.deploy(wl)
				}
			}
		}
	}
	f.crashAt = 70
	_, _ = f.run()
	f.crashAt, f.intent.Rollback, f.afterWrite = 0, true, nil
	expect(t, f, RolledBack)
	requireClean(t, f, "rolled back", allOld)
}

// deploy changes a workload's template and replaces its pods.
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

// A marked pod that was deleted by another tool and stays terminating neither delays the
// rollback nor makes it spin.
func TestTerminatingPodDoesNotSpin(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	f.crashAt = 75
	_, _ = f.run()
	f.crashAt, f.intent.Rollback = 0, true
	f.afterWrite = func(c step.Change) {
		for i := range f.world.Workloads {
			for j := range f.world.Workloads[i].Pods {
				if p := &f.world.Workloads[i].Pods[j]; p.Name == "x0" && p.Swap.Place == mesh.Attached && p.Swap.Marked() {
					p.Terminating = true
				}
			}
		}
	}
	f.crashAt = f.calls + 2000 // far more than the rollback needs
	expect(t, f, RolledBack)
}

// When the new pods become unready, the rollback reattaches the parked ones and waits
// for none of the new.
func TestRollbackReattachesPodsWhenNewOnesFail(t *testing.T) {
	t.Parallel()
	f := swapUpgrade()
	before := f.podUIDs()
	f.afterWrite = func(c step.Change) {
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
		t.Fatalf("got outcome %q, want %q", outcome, Held)
	}
	f.afterWrite, f.intent.Rollback = nil, true
	expect(t, f, RolledBack)
	requireClean(t, f, "rolled back", allOld)
	if now := f.podUIDs(); !slices.Equal(before[4:8], now[4:8]) {
		t.Errorf("got pods %v, want in namespace b those of %v", now, before)
	}
}
