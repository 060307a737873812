// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// evictingUpgrade returns an upgrade that moves one workload of namespace b by eviction,
// because its update strategy replaces no pods.
func evictingUpgrade() *fake {
	f := newUpgrade()
	for i, wl := range f.world.Workloads {
		if wl.Ref() != "Deployment b/x" {
			continue
		}
		f.world.Workloads[i].Kind, f.world.Workloads[i].Rollout.OnDelete = mesh.StatefulSet, true
		for j := range wl.Pods {
			f.world.Workloads[i].Pods[j].Name, f.world.Workloads[i].Pods[j].UID = fmt.Sprint("x-", j), fmt.Sprint("uid-", j)
		}
	}
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

func evictedPods(f *fake) []string {
	var names []string
	for _, c := range f.writes {
		if c.Verb == step.EvictPod {
			names = append(names, c.Name)
		}
	}
	return names
}

// The upgrade and the rollback evict each pod once, the highest ordinal first, and the
// next one only after its replacement is ready. The template does not change.
func TestPodsAreEvictedOneAtATime(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	expect(t, f, Completed)
	if got := evictedPods(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("got evictions %v", got)
	}
	wantSidecars(t, f, allNew)
	for _, c := range f.writes {
		if c.Kind == "StatefulSet" {
			t.Errorf("the template was changed: %s", c.Patch)
		}
	}
	f.writes, f.intent.Rollback = nil, true
	expect(t, f, RolledBack)
	if got := evictedPods(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("rollback: got evictions %v, want x-1 x-0", got)
	}
	wantSidecars(t, f, allOld)
	wl, _ := f.world.Workload("StatefulSet b/x")
	if _, verified := f.ledger.Passed[step.VerifyKey(f.world, wl, "1-29-1")]; !verified {
		t.Error("it is not verified after the rollback")
	}
}

// OnDelete leaves sidecars of two revisions. After those of one revision have moved,
// the remaining steps still count as approved.
func TestEvictionMovesMixedSidecars(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	f.world.Revisions = append(f.world.Revisions, testRevision("1-28-0", "1.28.0", "b0"))
	for i, wl := range f.world.Workloads {
		if wl.Ref() == "StatefulSet b/x" {
			f.world.Workloads[i].Pods[1].Sidecar.Revision = "1-28-0"
		}
	}
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.approve()
	expect(t, f, Completed)
	if got := evictedPods(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("got evictions %v", got)
	}
}

// Workloads that wait for their evictions don't count as moving.
func TestPendingEvictionsDontDelayRestarts(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	f.intent.Parallel = 1
	expect(t, f, Completed)
	wantSidecars(t, f, allNew)
}

func TestPodsAreEvictedOnceDespiteCrashes(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := evictingUpgrade()
		f.crashAt = n
		_, err := f.run()
		f.crashAt = 0
		expect(t, f, Completed)
		if got := evictedPods(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
			t.Fatalf("crash at call %d: got evictions %v, want x-1 x-0", n, got)
		}
		if err == nil {
			return
		}
	}
}

func TestRefusingDisruptionBudgetHoldsByName(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	f.beforeWrite = func(c step.Change) error {
		if c.Name == "x-0" {
			return errors.Join(ErrConflict, errors.New("the disruption budget x needs 1 healthy pods and has 1 currently"))
		}
		return nil
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "StatefulSet b/x", Message: "the disruption budget x needs"})
	if got := evictedPods(f); !slices.Equal(got, []string{"x-1"}) {
		t.Errorf("got evictions %v", got)
	}
	f.beforeWrite = nil
	expect(t, f, Completed)
}

// A replacement that does not become ready holds the run; the other pods stay.
func TestUnreadyReplacementHoldsTheEvictions(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	f.afterWrite = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			if c.Verb == step.EvictPod && wl.Ref() == "StatefulSet b/x" {
				f.world.Workloads[i].Pods[1].Ready, f.world.Workloads[i].Pods[1].Problem = false, "app: ImagePullBackOff"
			}
		}
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "StatefulSet b/x", Message: "pod x-1 is not ready: app: ImagePullBackOff"})
	if got := evictedPods(f); !slices.Equal(got, []string{"x-1"}) {
		t.Errorf("got evictions %v", got)
	}
	wantSidecars(t, f, "[1-31-0] [1-29-1 1-31-0] [1-29-1]")
}

// Replacements with the wrong sidecar are evicted a bounded number of times.
func TestEvictionsAreBounded(t *testing.T) {
	t.Parallel()
	f := evictingUpgrade()
	f.afterWrite = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			for j := range wl.Pods {
				if c.Verb == step.EvictPod && wl.Ref() == "StatefulSet b/x" {
					f.world.Workloads[i].Pods[j].Sidecar.Revision = "1-29-1"
				}
			}
		}
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Subject: "StatefulSet b/x", Message: "has a sidecar of 1-29-1"})
	if got := len(evictedPods(f)); got != 4 {
		t.Errorf("got %d evictions of two pods, want 4", got)
	}
}

// A restart without capacity does not start. It times out by name and continues once
// there is capacity.
func TestRestartWaitsForQuota(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	for i := range f.world.Workloads {
		f.world.Workloads[i].Surge = 1
	}
	f.world.Capacity.Quotas = []mesh.Quota{{Namespace: "b", Name: "tight", Resource: "pods", Hard: 4, Used: 4}}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "Deployment b/x", Message: "ResourceQuota tight has 0 of 4 pods left"})
	wantSidecars(t, f, "[1-31-0] [1-29-1] [1-29-1]")
	f.world.Capacity.Quotas[0].Hard = 5
	expect(t, f, Completed)
}
