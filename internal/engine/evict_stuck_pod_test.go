// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// stuck is an upgrade in which a StatefulSet's first new pod never gets ready.
func stuck() *fake {
	f := upgrade()
	for i, wl := range f.world.Workloads {
		if wl.Namespace == "b" && wl.Name == "x" {
			f.world.Workloads[i].Kind = mesh.StatefulSet
			for j := range wl.Pods {
				f.world.Workloads[i].Pods[j].UID = fmt.Sprint("uid-", j)
			}
		}
	}
	f.world.Sort()
	f.stuck, f.ledger = "StatefulSet b/x", step.Ledger{}
	f.intent.RollbackOnFailure, f.intent.ReadyTimeout = true, time.Minute
	f.agree()
	return f
}

// A StatefulSet whose new pod never got ready is put back, though its controller
// would wait for that pod for ever.
func TestStuckStatefulSetRollsBack(t *testing.T) {
	t.Parallel()
	f := stuck()
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != waveReverted || !strings.Contains(h.Message, "1 of 2 pods are ready") {
		t.Errorf("held with %+v", h)
	}
	if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("it stands at %s", got)
	}
	evicted := 0
	for _, c := range f.writes {
		if c.Verb == step.EvictPod {
			evicted++
		}
	}
	if evicted != 1 {
		t.Errorf("%d pods were evicted", evicted)
	}
}

// Neither does a crash at any moment leave it hanging, nor a rollback asked for
// by hand.
func TestStuckStatefulSetRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n += 3 {
		f := stuck()
		f.intent.RollbackOnFailure, f.dieAt = false, n
		_, err := f.run()
		f.dieAt, f.intent.Rollback = 0, true
		expect(t, f, RolledBack)
		if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" {
			t.Fatalf("killed after port call %d: it stands at %s", n, got)
		}
		if err == nil {
			return
		}
	}
}

func TestStuckPodBehindABudgetTimesOut(t *testing.T) {
	t.Parallel()
	f := stuck()
	f.cut = func(c step.Change) error {
		if c.Verb == step.EvictPod {
			return errors.Join(ErrConflict, errors.New("cannot evict pod as it would violate the pod's disruption budget"))
		}
		return nil
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || !strings.Contains(h.Message, "cannot be evicted") || !strings.Contains(h.Hint, "disruption budgets") {
		t.Errorf("held with %+v", h)
	}
}
