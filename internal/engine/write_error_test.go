// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func TestFailingWriteHoldsByName(t *testing.T) {
	t.Parallel()
	denied := fmt.Errorf("restart: %w: admission webhook policy.example denied the request", ErrRefused)
	for _, c := range []struct {
		name    string
		at      func(step.Change) bool
		err     error
		subject string
	}{
		{"a label is refused", func(c step.Change) bool { return c.Kind == "Namespace" }, denied, "a"},
		{"a restart is refused", func(c step.Change) bool { return c.Kind == "Deployment" }, denied, "Deployment a/x"},
		{"no answer", func(c step.Change) bool { return c.Kind == "Deployment" },
			errors.New("failed calling webhook policy.example denied"), "Deployment a/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newUpgrade()
			f.beforeWrite = func(change step.Change) error {
				if c.at(change) {
					return c.err
				}
				return nil
			}
			expect(t, f, Held)
			wantHold(t, f, step.Hold{Reason: step.ReasonWriteFailed, Subject: c.subject, Wave: 1, Message: "policy.example denied"})
			f.beforeWrite = nil
			expect(t, f, Completed)
			if f.ledger.Held != nil {
				t.Errorf("got hold %+v after the run completed, want none", f.ledger.Held)
			}
		})
	}
}

func TestRefusedRestartRollsItsWaveBack(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.intent.RollbackOnFailure = true
	f.beforeWrite = func(c step.Change) error {
		if c.Kind == "Deployment" && c.Namespace == "b" {
			return fmt.Errorf("%w: denied", ErrRefused)
		}
		return nil
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonWaveReverted, Message: "denied"})
	wantSidecars(t, f, "[1-31-0] [1-29-1] [1-29-1]")
}

func TestVanishingLabelHolds(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.afterWrite = func(c step.Change) {
		if c.Kind != "Namespace" || c.Name != "a" {
			return
		}
		for i, ns := range f.world.Namespaces {
			if ns.Name == "a" {
				f.world.Namespaces[i].Labels = map[string]string{mesh.InjectionLabel: "enabled"}
				f.world.Namespaces[i].SetBy = mesh.FieldManager{Name: "tenant-operator"}
			}
		}
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{
		Reason:  step.ReasonTimedOut,
		Subject: "a",
		Message: "does not persist",
		Hint:    "changes it back each time: field manager tenant-operator",
	})
}

// An operator that owns the template removes each restart annotation before a pod is
// created from it.
func TestVanishingRestartAnnotationHolds(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	was, _ := f.world.Workload("Deployment a/x")
	restarts := 0
	f.afterWrite = func(c step.Change) {
		if c.Kind != "Deployment" || c.Name != "x" || c.Namespace != "a" {
			return
		}
		if restarts++; restarts > 100 {
			t.Fatalf("got %d restarts within %s, want them bounded", restarts, f.now.Sub(f.ledger.Started))
		}
		for i, wl := range f.world.Workloads {
			if wl.Ref() == was.Ref() {
				f.world.Workloads[i] = was
			}
		}
	}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "Deployment a/x", Wave: 1, Message: "does not persist"})
	if restarts < 5 || restarts > 20 {
		t.Errorf("got %d restarts in %s, want 5 to 20", restarts, f.intent.ReadyTimeout)
	}
	if y, _ := f.world.Workload("Deployment a/y"); y.RestartAnnotation.Run == "" {
		t.Error("the other workload of the wave was not restarted")
	}
	f.afterWrite = nil
	expect(t, f, Completed)
}

func TestLostRestartAnnotationIsWrittenAgain(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	was, _ := f.world.Workload("Deployment a/x")
	f.afterWrite = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			if c.Kind == "Deployment" && wl.Ref() == was.Ref() {
				f.world.Workloads[i], f.afterWrite = was, nil
			}
		}
	}
	expect(t, f, Completed)
	if got := repeatedRestart(f); got != "Deploymentax" {
		t.Errorf("got repeated restart %q, want Deploymentax", got)
	}
}
