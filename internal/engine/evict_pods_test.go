// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// evicting is an upgrade in which one workload of wave b keeps its old pods, so
// that it is moved by eviction.
func evicting() *fake {
	f := upgrade()
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
	f.agree()
	return f
}

func ended(f *fake) []string {
	var names []string
	for _, c := range f.writes {
		if c.Verb == step.EvictPod {
			names = append(names, c.Name)
		}
	}
	return names
}

// Each pod is evicted once, the highest first, and the next only when the one
// before is back; on the way back too. The template is not touched.
func TestPodsAreEvictedOneAtATime(t *testing.T) {
	t.Parallel()
	f := evicting()
	expect(t, f, Completed)
	if got := ended(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("evicted %v", got)
	}
	if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" {
		t.Error(got)
	}
	for _, c := range f.writes {
		if c.Kind == "StatefulSet" {
			t.Errorf("its template was written: %s", c.Patch)
		}
	}
	f.writes, f.intent.Rollback = nil, true
	expect(t, f, RolledBack)
	if got := ended(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("on the way back evicted %v", got)
	}
	if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" {
		t.Error(got)
	}
	wl, _ := f.world.Workload("StatefulSet b/x")
	if _, proven := f.ledger.Passed[step.VerifyKey(f.world, wl, "1-29-1")]; !proven {
		t.Error("it is not proven where it was put back to")
	}
}

// Sidecars of two revisions, as OnDelete leaves them: once those of the one have
// moved, the rest of the plan is still the one that was agreed to.
func TestEvictionMovesMixedSidecars(t *testing.T) {
	t.Parallel()
	f := evicting()
	f.world.Revisions = append(f.world.Revisions, mesh.Revision{Name: "1-28-0", Version: "1.28.0", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-28-0", Ready: true, Version: "1.28.0", Build: "b0"}}})
	for i, wl := range f.world.Workloads {
		if wl.Ref() == "StatefulSet b/x" {
			f.world.Workloads[i].Pods[1].Sidecar.Revision = "1-28-0"
		}
	}
	f.world.Sort()
	f.ledger = step.Ledger{}
	f.agree()
	expect(t, f, Completed)
	if got := ended(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
		t.Errorf("evicted %v", got)
	}
}

// Workloads whose turn to be evicted has not come take no place among those that
// are on their way.
func TestPendingEvictionsDontDelayRestarts(t *testing.T) {
	t.Parallel()
	f := evicting()
	f.intent.Parallel = 1
	expect(t, f, Completed)
	if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" {
		t.Error(got)
	}
}

// A crash after any call of a port changes nothing: no pod is evicted twice.
func TestPodsAreEvictedOnceDespiteCrashes(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := evicting()
		f.dieAt = n
		_, err := f.run()
		f.dieAt = 0
		expect(t, f, Completed)
		if got := ended(f); !slices.Equal(got, []string{"x-1", "x-0"}) {
			t.Fatalf("killed after port call %d: evicted %v", n, got)
		}
		if err == nil {
			return
		}
	}
}

func TestRefusingDisruptionBudgetHoldsByName(t *testing.T) {
	t.Parallel()
	f := evicting()
	f.cut = func(c step.Change) error {
		if c.Name == "x-0" {
			return errors.Join(ErrConflict, errors.New("the disruption budget x needs 1 healthy pods and has 1 currently"))
		}
		return nil
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "StatefulSet b/x" || !strings.Contains(h.Message, "the disruption budget x needs") {
		t.Errorf("held with %+v", h)
	}
	if got := ended(f); !slices.Equal(got, []string{"x-1"}) {
		t.Errorf("evicted %v", got)
	}
	f.cut = nil
	expect(t, f, Completed)
}

// A replacement that does not get ready holds the run; the others stay untouched.
func TestUnreadyReplacementHoldsTheEvictions(t *testing.T) {
	t.Parallel()
	f := evicting()
	f.acted = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			if c.Verb == step.EvictPod && wl.Ref() == "StatefulSet b/x" {
				f.world.Workloads[i].Pods[1].Ready, f.world.Workloads[i].Pods[1].Problem = false, "app: ImagePullBackOff"
			}
		}
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "StatefulSet b/x" || !strings.Contains(h.Message, "pod x-1 is not ready: app: ImagePullBackOff") {
		t.Errorf("held with %+v", h)
	}
	if got := ended(f); !slices.Equal(got, []string{"x-1"}) {
		t.Errorf("evicted %v", got)
	}
	if got := where(f); got != "[1-31-0] [1-29-1 1-31-0] [1-29-1]" {
		t.Error(got)
	}
}

// Pods that come back with the wrong sidecar are not evicted for ever.
func TestEvictionsAreBounded(t *testing.T) {
	t.Parallel()
	f := evicting()
	f.acted = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			for j := range wl.Pods {
				if c.Verb == step.EvictPod && wl.Ref() == "StatefulSet b/x" {
					f.world.Workloads[i].Pods[j].Sidecar.Revision = "1-29-1"
				}
			}
		}
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Subject != "StatefulSet b/x" || h.Reason != checkFailed || !strings.Contains(h.Message, "has a sidecar of 1-29-1") {
		t.Errorf("held with %+v", h)
	}
	if got := len(ended(f)); got != 4 {
		t.Errorf("%d evictions of two pods", got)
	}
}

// A restart for which there is no room is not begun; it is named when its time is
// up, and goes on once there is room.
func TestRestartWaitsForQuota(t *testing.T) {
	t.Parallel()
	f := upgrade()
	for i := range f.world.Workloads {
		f.world.Workloads[i].Surge = 1
	}
	f.world.Capacity.Quotas = []mesh.Quota{{Namespace: "b", Name: "tight", Resource: "pods", Hard: 4, Used: 4}}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "Deployment b/x" || !strings.Contains(h.Message, "ResourceQuota tight has 0 of 4 pods left") {
		t.Errorf("held with %+v", h)
	}
	if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Error(got)
	}
	f.world.Capacity.Quotas[0].Hard = 5
	expect(t, f, Completed)
}
