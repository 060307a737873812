// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// expect runs a fake to its outcome.
func expect(t *testing.T, f *fake, want Outcome) {
	t.Helper()
	if got, err := f.run(); err != nil || got != want {
		t.Fatalf("the run ends %q, %v; hold: %+v", got, err, f.ledger.Held)
	}
}

func where(f *fake) string { return fmt.Sprint(f.on("a"), f.on("b"), f.on("c")) }

func TestUpgradeWritesTheApprovedSteps(t *testing.T) {
	t.Parallel()
	f := upgrade()
	approved := slices.Clone(f.ledger.Approved)
	expect(t, f, Completed)
	if len(f.writes) != len(approved) {
		t.Errorf("%d writes for %d approved steps", len(f.writes), len(approved))
	}
	if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" {
		t.Error(got)
	}
	expect(t, f, Completed)
	if len(f.writes) != len(approved) {
		t.Error("a completed run writes again")
	}
}

// A crash after each port call, followed by another start, ends as no crash does.
func TestUpgradeSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	whole := upgrade()
	expect(t, whole, Completed)
	for n := 1; ; n++ {
		f := upgrade()
		f.dieAt = n
		if _, err := f.run(); err == nil {
			if n < 20 {
				t.Fatalf("only %d port calls in a whole run", n)
			}
			t.Logf("%d crash points", n-1)
			return
		}
		f.dieAt = 0
		expect(t, f, Completed)
		if diff := cmp.Diff(where(whole), where(f)); diff != "" {
			t.Fatalf("killed after port call %d: %s", n, diff)
		}
		if repeated := restartsOf(f); repeated != "" {
			t.Fatalf("killed after port call %d: restarted more than once: %s", n, repeated)
		}
	}
}

// A host that dies again and again after the same few port calls of its life
// leaves nothing behind that adds up.
func TestRepeatedCrashesAddNothing(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		for life := 1; life <= 6; life++ {
			f := upgrade()
			f.dieAt = n
			if _, err := f.run(); err == nil {
				return
			}
			for range 3 {
				f.dieAt = f.calls + life
				_, _ = f.run()
			}
			f.dieAt = 0
			expect(t, f, Completed)
		}
	}
}

// restartsOf names a workload that was restarted twice.
func restartsOf(f *fake) string {
	seen := map[string]bool{}
	for _, c := range f.writes {
		if c.Verb != step.Patch {
			continue
		}
		key := c.Kind + c.Namespace + c.Name
		if seen[key] && c.Kind == "Deployment" {
			return key
		}
		seen[key] = true
	}
	return ""
}

func TestRollbackAfterAnyCrashRestoresLabelsAndSidecars(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := upgrade()
		before := f.world.Namespaces
		f.dieAt = n
		_, err := f.run()
		f.dieAt, f.intent.Rollback = 0, true
		expect(t, f, RolledBack)
		if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" {
			t.Fatalf("killed after port call %d: %s", n, got)
		}
		if diff := cmp.Diff(before, f.world.Namespaces); diff != "" {
			t.Fatalf("killed after port call %d: labels (-found +restored):\n%s", n, diff)
		}
		if err == nil {
			return
		}
	}
}

func TestFailingVerificationHolds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reason  string
		message string
		after   string
	}{
		{"configuration refused", func(f *fake) { f.rejects = "b" }, checkFailed, "rejected the LDS", "[1-31-0] [1-31-0] [1-29-1]"},
		{"never ready", func(f *fake) { f.unready = "Deployment b/y" }, timedOut, "1 of 2 updated replicas", "[1-31-0] [1-31-0] [1-29-1]"},
		{"certificate", func(f *fake) { f.broken = "x0" }, checkFailed, "does not chain", "[1-31-0] [1-29-1] [1-29-1]"},
		{"istiod does not answer", func(f *fake) { f.mute = "istiod-1-31-0" }, timedOut, "connection refused", "[1-29-1] [1-29-1] [1-29-1]"},
		{"old istiod is silent", func(f *fake) { f.mute = "istiod-1-29-1" }, timedOut, "does not report which proxies it serves", "[1-31-0] [1-29-1] [1-29-1]"},
		{"installation fails", func(f *fake) { f.install = fmt.Errorf("%w: image not found", ErrRefused) }, installFailed, "image not found", "[1-29-1] [1-29-1] [1-29-1]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := upgrade()
			tc.breaks(f)
			expect(t, f, Held)
			if h := f.ledger.Held; h.Reason != tc.reason || !strings.Contains(h.Message, tc.message) || h.Hint == "" || h.Subject == "" {
				t.Errorf("held with %+v", h)
			}
			if got := where(f); got != tc.after {
				t.Errorf("it stands at %s, not at %s", got, tc.after)
			}
			healthy(f)
			expect(t, f, Completed)
		})
	}
}

// healthy mends everything that a test broke.
func healthy(f *fake) {
	f.rejects, f.unready, f.mute, f.broken, f.install = "", "", "", "", nil
	for i := range f.world.Workloads {
		f.world.Workloads[i].Rollout.Done = true
	}
}

func TestFailedWaveRollsBack(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.intent.RollbackOnFailure, f.rejects = true, "b"
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != waveReverted || !strings.Contains(h.Message, "rejected the LDS") {
		t.Errorf("held with %+v", h)
	}
	if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("it stands at %s", got)
	}
	f.rejects = ""
	f.agree()
	expect(t, f, Completed)
}

// What is left of a run whose wave was put back is taken back like any other,
// also where that is nothing.
func TestRollbackAfterARevertedWave(t *testing.T) {
	t.Parallel()
	for _, wave := range []string{"a", "b"} {
		f := upgrade()
		f.intent.RollbackOnFailure, f.rejects = true, wave
		expect(t, f, Held)
		f.intent.Rollback = true
		expect(t, f, RolledBack)
		if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" || f.ledger.Revert != 0 {
			t.Errorf("after wave %s failed it stands at %s, %+v", wave, got, f.ledger)
		}
	}
}

// The wave is put back also when the process dies at any moment of it.
func TestFailedWaveRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := upgrade()
		f.intent.RollbackOnFailure, f.rejects, f.dieAt = true, "b", n
		_, err := f.run()
		f.dieAt = 0
		expect(t, f, Held)
		if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" || f.ledger.Held.Reason != waveReverted {
			t.Fatalf("killed after port call %d: it stands at %s, %+v", n, got, f.ledger.Held)
		}
		if err == nil {
			return
		}
	}
}

// A wave that was proven and fails later, while another one is moved, stops the
// run and is not put back.
func TestVerifiedWaveIsNotRolledBack(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.intent.RollbackOnFailure = true
	f.acted = func(c step.Change) {
		if c.Namespace == "c" {
			f.world.Workloads[0].Template.Hash, f.rejects, f.acted = "deployed", "a", nil
		}
	}
	expect(t, f, Held)
	if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" || f.ledger.Held.Reason != checkFailed {
		t.Errorf("it stands at %s, %+v", got, f.ledger.Held)
	}
}

// The way back does not wait for the control plane that failed.
func TestWaveRollsBackWithoutTheTargetsIstiod(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.intent.RollbackOnFailure = true
	f.acted = func(c step.Change) {
		if c.Namespace == "b" {
			f.mute = "istiod-1-31-0"
		}
	}
	expect(t, f, Held)
	if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("it stands at %s, %+v", got, f.ledger.Held)
	}
}

func TestUnapprovedChangesHold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		hands func(*fake)
		says  string
	}{
		{"a namespace is labelled back", func(f *fake) { f.world.Namespaces[0].Labels = map[string]string{mesh.InjectionLabel: "enabled"} }, "label a"},
		{"a namespace yet to come is labelled elsewhere", func(f *fake) { f.world.Namespaces[2].Labels = map[string]string{mesh.RevisionLabel: "1-28-0"} }, "label c"},
		{"a workload appears", func(f *fake) {
			wl := f.world.Workloads[5]
			wl.Name = "z"
			f.world.Workloads = append(f.world.Workloads, wl)
		}, "restart Deployment c/z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := upgrade()
			f.acted = func(c step.Change) {
				if c.Namespace == "b" {
					tc.hands(f)
					f.acted = nil
				}
			}
			expect(t, f, Held)
			if h := f.ledger.Held; h.Reason != planChanged || !strings.Contains(h.Message, tc.says) {
				t.Errorf("held with %+v", h)
			}
			f.agree()
			expect(t, f, Completed)
			if got := where(f); got != "[1-31-0] [1-31-0] [1-31-0]" {
				t.Error(got)
			}
		})
	}
}

func TestRestartsRespectTheLimit(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.intent.Parallel, f.unready = 1, "Deployment b/x"
	expect(t, f, Held)
	for _, c := range f.writes {
		if c.Namespace == "b" && c.Name == "y" {
			t.Error("b/y was restarted while b/x was not ready and only one may be")
		}
	}
}

func TestRefusedTargetEndsTheRun(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.acted = func(step.Change) { f.intent.Revision = "" }
	f.intent.Waves, f.ledger.Waves = nil, nil
	f.world.Namespaces = nil
	if _, err := f.run(); !errors.Is(err, ErrRefused) {
		t.Errorf("a run with nothing to select ends with %v", err)
	}
}

func TestEachWaveSoaksOnce(t *testing.T) {
	t.Parallel()
	f := upgrade()
	start := f.now
	expect(t, f, Completed)
	if took := f.now.Sub(start); took < 3*f.intent.Soak || took > 4*f.intent.Soak {
		t.Errorf("three soaks of %s took %s", f.intent.Soak, took)
	}
}
