// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/step"
)

func TestRollbackAfterAnyCrashRestoresLabelsAndSidecars(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := newUpgrade()
		before := f.world.Namespaces
		f.crashAt = n
		_, err := f.run()
		f.crashAt, f.intent.Rollback = 0, true
		expect(t, f, RolledBack)
		wantSidecars(t, f, allOld)
		if diff := cmp.Diff(before, f.world.Namespaces); diff != "" {
			t.Fatalf("crash at call %d: labels (-baseline +restored):\n%s", n, diff)
		}
		if err == nil {
			return
		}
	}
}

func TestFailedWaveRollsBack(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.intent.RollbackOnFailure, f.rejectsIn = true, "b"
	expect(t, f, Held)
	want := step.Hold{Reason: step.ReasonWaveReverted, Message: "rejected the LDS"}
	want.Check = "configuration-accepted"
	wantHold(t, f, want)
	wantSidecars(t, f, "[1-31-0] [1-29-1] [1-29-1]")
	turns := f.reported(RollingBack)
	if len(turns) != 1 || turns[0].Hold == nil || turns[0].Hold.Wave != 2 || !strings.HasPrefix(turns[0].Message, "rolling back wave 2: ") {
		t.Errorf("got rolling-back events %+v, want one of wave 2", turns)
	}
	f.rejectsIn = ""
	f.approve()
	expect(t, f, Completed)
}

// A run whose failed wave was rolled back is rolled back like any other, even if only
// that wave had moved.
func TestRollbackAfterARevertedWave(t *testing.T) {
	t.Parallel()
	for _, wave := range []string{"a", "b"} {
		f := newUpgrade()
		f.intent.RollbackOnFailure, f.rejectsIn = true, wave
		expect(t, f, Held)
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if got := sidecars(f); got != allOld || f.ledger.Revert != 0 {
			t.Errorf("wave %s failed: got sidecars %s, ledger %+v, want the baseline", wave, got, f.ledger)
		}
	}
}

func TestFailedWaveRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := newUpgrade()
		f.intent.RollbackOnFailure, f.rejectsIn, f.crashAt = true, "b", n
		_, err := f.run()
		f.crashAt = 0
		expect(t, f, Held)
		if got := sidecars(f); got != "[1-31-0] [1-29-1] [1-29-1]" || f.ledger.Held.Reason != step.ReasonWaveReverted {
			t.Fatalf("crash at call %d: got sidecars %s, hold %+v, want wave 2 reverted", n, got, f.ledger.Held)
		}
		if err == nil {
			return
		}
	}
}

// A verified wave that fails while another one moves holds the run and stays.
func TestVerifiedWaveIsNotRolledBack(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.intent.RollbackOnFailure = true
	f.afterWrite = func(c step.Change) {
		if c.Namespace == "c" {
			f.world.Workloads[0].Template.Hash, f.rejectsIn, f.afterWrite = "deployed", "a", nil
		}
	}
	expect(t, f, Held)
	if got := sidecars(f); got != allNew || f.ledger.Held.Reason != step.ReasonCheckFailed {
		t.Errorf("got sidecars %s, hold %+v, want all moved and %s", got, f.ledger.Held, step.ReasonCheckFailed)
	}
}

// The rollback does not wait for the control plane that failed.
func TestWaveRollsBackWithoutTheTargetsIstiod(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.intent.RollbackOnFailure = true
	f.afterWrite = func(c step.Change) {
		if c.Namespace == "b" {
			f.silentIstiod = "istiod-1-31-0"
		}
	}
	expect(t, f, Held)
	wantSidecars(t, f, "[1-31-0] [1-29-1] [1-29-1]")
}

func TestRequestedRollbackIsReported(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	expect(t, f, Completed)
	f.events, f.intent.Rollback = nil, true
	expect(t, f, RolledBack)
	turns := f.reported(RollingBack)
	if len(turns) != 1 || turns[0].Message != "rolling back to the baseline" {
		t.Errorf("got rolling-back events %+v, want one", turns)
	}
}
