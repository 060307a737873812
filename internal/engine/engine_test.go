// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func TestUpgradeWritesTheApprovedSteps(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	approved := slices.Clone(f.ledger.Approved)
	expect(t, f, Completed)
	if len(f.writes) != len(approved) {
		t.Errorf("got %d writes, want %d: one for each approved step", len(f.writes), len(approved))
	}
	wantSidecars(t, f, allNew)
	for _, kind := range []EventKind{Acting, Acted} {
		var steps []step.Step
		for _, e := range f.reported(kind) {
			steps = append(steps, *e.Step)
		}
		if diff := cmp.Diff(approved, steps); diff != "" {
			t.Errorf("events %s (-approved +got):\n%s", kind, diff)
		}
	}
	expect(t, f, Completed)
	if len(f.writes) != len(approved) {
		t.Error("a completed run wrote again")
	}
}

// Each wave reports in this order what it does, and each workload that it verifies.
func TestUpgradeReportsEachWave(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	expect(t, f, Completed)
	var got []string
	for _, e := range f.events {
		if e.Step != nil && e.Step.Wave == 1 && (len(got) == 0 || got[len(got)-1] != line(e)) {
			got = append(got, line(e))
		}
	}
	want := []string{
		"acting label a", "acted label a",
		"acting restart Deployment a/x", "acted restart Deployment a/x",
		"acting restart Deployment a/y", "acted restart Deployment a/y",
		"passed " + string(step.Verify) + " Deployment a/x", "passed " + string(step.Verify) + " Deployment a/y",
		"soaking soak a", "passed soak a",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events of wave 1 (-want +got):\n%s", diff)
	}
}

// After a crash at any call of a port, another run ends as if there was no crash.
func TestUpgradeSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	uninterrupted := newUpgrade()
	expect(t, uninterrupted, Completed)
	for n := 1; ; n++ {
		f := newUpgrade()
		f.crashAt = n
		if _, err := f.run(); err == nil {
			if n < 20 {
				t.Fatalf("got only %d calls of ports in a run", n)
			}
			t.Logf("%d crash points", n-1)
			return
		}
		f.crashAt = 0
		expect(t, f, Completed)
		if diff := cmp.Diff(sidecars(uninterrupted), sidecars(f)); diff != "" {
			t.Fatalf("crash at call %d: sidecars (-want +got):\n%s", n, diff)
		}
		if repeated := repeatedRestart(f); repeated != "" {
			t.Fatalf("crash at call %d: got %s restarted twice", n, repeated)
		}
	}
}

// Repeated crashes after the same few calls leave nothing behind that adds up.
func TestRepeatedCrashesAddNothing(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		for life := 1; life <= 6; life++ {
			f := newUpgrade()
			f.crashAt = n
			if _, err := f.run(); err == nil {
				return
			}
			for range 3 {
				f.crashAt = f.calls + life
				_, _ = f.run()
			}
			f.crashAt = 0
			expect(t, f, Completed)
		}
	}
}

func TestFailingVerificationHolds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reason  step.HoldReason
		message string
		after   string
	}{
		{"configuration refused", func(f *fake) { f.rejectsIn = "b" }, step.ReasonCheckFailed, "rejected the LDS", "[1-31-0] [1-31-0] [1-29-1]"},
		{"never ready", func(f *fake) { f.unreadyWorkload = "Deployment b/y" },
			step.ReasonTimedOut, "1 of 2 updated replicas", "[1-31-0] [1-31-0] [1-29-1]"},
		{"certificate", func(f *fake) { f.badCertificatePod = "x0" }, step.ReasonCheckFailed, "does not chain", "[1-31-0] [1-29-1] [1-29-1]"},
		{"istiod does not answer", func(f *fake) { f.silentIstiod = "istiod-1-31-0" },
			step.ReasonTimedOut, "connection refused", allOld},
		{"old istiod does not answer", func(f *fake) { f.silentIstiod = "istiod-1-29-1" },
			step.ReasonTimedOut, "does not report which proxies it serves", "[1-31-0] [1-29-1] [1-29-1]"},
		{"installation fails", func(f *fake) { f.installErr = fmt.Errorf("%w: image not found", ErrRefused) },
			step.ReasonInstallFailed, "image not found", allOld},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newUpgrade()
			tc.breaks(f)
			expect(t, f, Held)
			wantHold(t, f, step.Hold{Reason: tc.reason, Message: tc.message})
			wantSidecars(t, f, tc.after)
			repair(f)
			expect(t, f, Completed)
		})
	}
}

func TestUnapprovedChangesHold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*fake)
		step   string
	}{
		{"a moved namespace has its old label again", func(f *fake) {
			f.world.Namespaces[0].Labels = map[string]string{mesh.InjectionLabel: "enabled"}
		}, "label a"},
		{"a later namespace has another label", func(f *fake) {
			f.world.Namespaces[2].Labels = map[string]string{mesh.RevisionLabel: "1-28-0"}
		}, "label c"},
		{"a workload appears", func(f *fake) {
			wl := f.world.Workloads[5]
			wl.Name = "z"
			f.world.Workloads = append(f.world.Workloads, wl)
		}, "restart Deployment c/z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newUpgrade()
			f.afterWrite = func(c step.Change) {
				if c.Namespace == "b" {
					tc.change(f)
					f.afterWrite = nil
				}
			}
			expect(t, f, Held)
			wantHold(t, f, step.Hold{Reason: step.ReasonPlanChanged, Message: tc.step})
			f.approve()
			expect(t, f, Completed)
			wantSidecars(t, f, allNew)
		})
	}
}

func TestRestartsRespectTheLimit(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.intent.Parallel, f.unreadyWorkload = 1, "Deployment b/x"
	expect(t, f, Held)
	for _, c := range f.writes {
		if c.Namespace == "b" && c.Name == "y" {
			t.Error("b/y was restarted while b/x was not ready, with a limit of one")
		}
	}
}

func TestRefusedTargetEndsTheRun(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.afterWrite = func(step.Change) { f.intent.Revision = "" }
	f.intent.Waves, f.ledger.Waves = nil, nil
	f.world.Namespaces = nil
	if _, err := f.run(); !errors.Is(err, ErrRefused) {
		t.Errorf("got error %v, want %v", err, ErrRefused)
	}
}

func TestEachWaveSoaksOnce(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	start := f.now
	expect(t, f, Completed)
	if took := f.now.Sub(start); took < 3*f.intent.Soak || took > 4*f.intent.Soak {
		t.Errorf("got %s for three soaks of %s", took, f.intent.Soak)
	}
	until := map[step.Subject]time.Time{}
	for _, e := range f.reported(Soaking) {
		if known, again := until[e.Step.Subject]; again && !known.Equal(e.Until) {
			t.Errorf("wave of %s: got an end at %s and at %s", e.Step.Subject, known, e.Until)
		}
		until[e.Step.Subject] = e.Until
	}
	if len(until) != 3 {
		t.Errorf("got soaks %v, want one of each wave", until)
	}
}
