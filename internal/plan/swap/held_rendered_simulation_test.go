// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// renderedTarget is the target of a gateway whose template is rendered.
func renderedTarget(back bool) step.Target {
	t := heldTarget(back)
	t.TemplateLabels, t.Policy.TemplateLabels = nil, nil
	return t
}

// A held rollout whose template is replaced completely ends despite crashes, and a rollback
// restores the template that was stored, with the same pods.
func TestRenderedTemplateIsStoredAndRestored(t *testing.T) {
	t.Parallel()
	same := 0
	for seed := range uint64(200) {
		s := newHeldSim(seed, 1+int(seed%3))
		s.rendered, s.release = true, nil
		before := s.names()
		for range s.r.IntN(60) {
			if revisionsLeft(s.workload(), renderedTarget(false)) == "" {
				break // the parked pods still exist: the wave soaks
			}
			turn(s, renderedTarget(false), true)
		}
		if seed%2 == 0 {
			runToEnd(t, s, renderedTarget(false), true)
			s.requireEnd(t, seed, "new")
			continue
		}
		runToEnd(t, s, renderedTarget(true), true)
		s.requireEnd(t, seed, "old")
		if slices.Equal(s.names(), before) {
			same++
		}
	}
	if same < 60 {
		t.Errorf("got %d of 100 rollbacks with the same pods, want at least 60", same)
	}
}

// The template is stored before the rollout is held, and not on rollback, when it is the
// target's.
func TestTemplateIsStoredBeforeTheHold(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		s := newHeldSim(1, 1)
		s.rendered, s.release = true, nil
		changes, err := Render(Action{Kind: Hold}, s.workload(), renderedTarget(back), noon)
		stored := slices.IndexFunc(changes, func(c step.Change) bool { return c.Verb == step.SaveTemplate })
		if want := map[bool]int{false: 0, true: -1}[back]; err != nil || stored != want {
			t.Errorf("rollback %t: got change %d that stores, %v, want %d", back, stored, err, want)
		}
	}
}

// applyTemplate applies a change of a complete template, and reports whether it is one.
func (s *heldSim) applyTemplate(c step.Change) bool {
	switch c.Verb {
	case step.SaveTemplate:
		s.stored = s.label
	case step.SetTemplate:
		s.label = c.Revision
	case step.RestoreTemplate:
		if s.stored != c.Revision && s.fault == "" {
			s.fault = "the template of " + c.Revision + " was not stored"
		}
		s.label = s.stored
	default:
		return c.Verb == step.CloseConnections || c.Verb == step.KeepConnections
	}
	return true
}

// asRendered makes a workload a gateway whose template is rendered.
func (s *heldSim) asRendered(wl mesh.Workload) mesh.Workload {
	wl.Gateway, wl.Template.Proxy = true, true
	wl.Template.Annotations = map[string]string{mesh.RevisionLabel: s.label}
	return wl
}
