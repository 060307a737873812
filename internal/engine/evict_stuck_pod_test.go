// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// stuckUpgrade returns an upgrade in which a StatefulSet's first new pod never becomes ready.
func stuckUpgrade() *fake {
	f := newUpgrade()
	for i, wl := range f.world.Workloads {
		if wl.Namespace == "b" && wl.Name == "x" {
			f.world.Workloads[i].Kind = mesh.StatefulSet
			for j := range wl.Pods {
				f.world.Workloads[i].Pods[j].UID = fmt.Sprint("uid-", j)
			}
		}
	}
	f.world.Sort()
	f.stuckWorkload, f.ledger = "StatefulSet b/x", step.Ledger{}
	f.intent.RollbackOnFailure, f.intent.ReadyTimeout = true, time.Minute
	f.approve()
	return f
}

// A StatefulSet whose new pod never became ready is rolled back, although its
// controller would wait for that pod forever.
func TestStuckStatefulSetRollsBack(t *testing.T) {
	t.Parallel()
	f := stuckUpgrade()
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonWaveReverted, Message: "1 of 2 pods are ready"})
	wantSidecars(t, f, "[1-31-0] [1-29-1] [1-29-1]")
	evicted := 0
	for _, c := range f.writes {
		if c.Verb == step.EvictPod {
			evicted++
		}
	}
	if evicted != 1 {
		t.Errorf("got %d evictions, want 1", evicted)
	}
}

// The same is true of a rollback by command, after a crash at any call.
func TestStuckStatefulSetRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n += 3 {
		f := stuckUpgrade()
		f.intent.RollbackOnFailure, f.crashAt = false, n
		_, err := f.run()
		f.crashAt, f.intent.Rollback = 0, true
		expect(t, f, RolledBack)
		wantSidecars(t, f, allOld)
		if err == nil {
			return
		}
	}
}

func TestStuckPodBehindABudgetTimesOut(t *testing.T) {
	t.Parallel()
	f := stuckUpgrade()
	f.beforeWrite = func(c step.Change) error {
		if c.Verb == step.EvictPod {
			return errors.Join(ErrConflict, errors.New("cannot evict pod as it would violate the pod's disruption budget"))
		}
		return nil
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Message: "cannot be evicted", Hint: "disruption budgets"})
}
