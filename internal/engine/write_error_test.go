// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"strings"
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
		{"nobody answers", func(c step.Change) bool { return c.Kind == "Deployment" }, errors.New("failed calling webhook policy.example denied"), "Deployment a/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := upgrade()
			f.cut = func(change step.Change) error {
				if c.at(change) {
					return c.err
				}
				return nil
			}
			expect(t, f, Held)
			h := f.ledger.Held
			if h.Reason != writeFailed || h.Subject != c.subject || h.Wave != 1 || !strings.Contains(h.Message, "policy.example denied") || h.Hint == "" {
				t.Fatalf("held with %+v", h)
			}
			f.cut = nil // mended
			expect(t, f, Completed)
			if f.ledger.Held != nil {
				t.Errorf("ended, and still held: %+v", f.ledger.Held)
			}
		})
	}
}

// The wave whose restart is refused is put back where that was asked for.
func TestRefusedRestartRollsItsWaveBack(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.intent.RollbackOnFailure = true
	f.cut = func(c step.Change) error {
		if c.Kind == "Deployment" && c.Namespace == "b" {
			return fmt.Errorf("%w: denied", ErrRefused)
		}
		return nil
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != waveReverted || !strings.Contains(h.Message, "denied") {
		t.Fatalf("held with %+v", h)
	}
	if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("it stands at %s", got)
	}
}

func TestVanishingLabelHolds(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.acted = func(c step.Change) {
		if c.Kind != "Namespace" || c.Name != "a" {
			return
		}
		for i, ns := range f.world.Namespaces {
			if ns.Name == "a" {
				f.world.Namespaces[i].Labels = map[string]string{mesh.InjectionLabel: "enabled"}
			}
		}
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "a" || !strings.Contains(h.Message, "does not persist") {
		t.Errorf("held with %+v", h)
	}
}

// An operator that writes its whole template takes each stamp back before a pod comes
// of it.
func TestVanishingRestartAnnotationHolds(t *testing.T) {
	t.Parallel()
	f := upgrade()
	was, _ := f.world.Workload("Deployment a/x")
	stamps := 0
	f.acted = func(c step.Change) {
		if c.Kind != "Deployment" || c.Name != "x" || c.Namespace != "a" {
			return
		}
		if stamps++; stamps > 100 {
			t.Fatalf("stamped %d times within %s", stamps, f.now.Sub(f.ledger.Started))
		}
		for i, wl := range f.world.Workloads {
			if wl.Ref() == was.Ref() {
				f.world.Workloads[i] = was
			}
		}
	}
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || h.Subject != "Deployment a/x" || h.Wave != 1 || !strings.Contains(h.Message, "does not persist") {
		t.Errorf("held with %+v", h)
	}
	if stamps < 5 || stamps > 20 {
		t.Errorf("stamped %d times in %s", stamps, f.intent.ReadyTimeout)
	}
	if y, _ := f.world.Workload("Deployment a/y"); y.RestartAnnotation.Run == "" {
		t.Error("it has kept the other one of its wave")
	}
	f.acted = nil // mended
	expect(t, f, Completed)
}

// One that is taken back once is written again, and nothing is said.
func TestLostRestartAnnotationIsWrittenAgain(t *testing.T) {
	t.Parallel()
	f := upgrade()
	was, _ := f.world.Workload("Deployment a/x")
	f.acted = func(c step.Change) {
		for i, wl := range f.world.Workloads {
			if c.Kind == "Deployment" && wl.Ref() == was.Ref() {
				f.world.Workloads[i], f.acted = was, nil
			}
		}
	}
	expect(t, f, Completed)
	if got := restartsOf(f); got != "Deploymentax" {
		t.Errorf("written again: %q", got)
	}
}
