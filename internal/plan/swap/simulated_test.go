// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// simulated is a simulation of one workload with its controllers: of a swap, or of a held
// rollout.
type simulated interface {
	parts() *sim
	workload() mesh.Workload                          // as it is observed
	prepare(m Action, wl mesh.Workload, crashes bool) // before the changes of an action
	apply(c step.Change)                              // a change, if its precondition holds
	died() bool                                       // whether the process crashed within that change
	reconcile()                                       // what the controllers do once
}

func (s *sim) parts() *sim { return s }

func (s *sim) prepare(Action, mesh.Workload, bool) {}

func (s *sim) died() bool { return false }

// advance lets the controllers act for a while.
func advance(w simulated, atMost int) {
	s := w.parts()
	for range s.r.IntN(atMost + 1) {
		s.now = s.now.Add(time.Second)
		switch s.r.IntN(4) {
		case 0, 1:
			w.reconcile()
		case 2:
			w.reconcile() // a container starts more slowly than a controller observes
			for _, p := range s.pods {
				p.ready = !p.broken && (p.ready || s.r.IntN(2) == 0)
			}
		case 3:
			for _, p := range s.pods {
				p.endpoint = p.ready && p.labels["app"] == "web"
			}
		}
	}
}

// turn does what the engine does for one observation: the next action, or the last deletions. It
// returns false when nothing is left. A crash stops it between two changes.
func turn(w simulated, t step.Target, crashes bool) bool {
	s := w.parts()
	s.inject = t.Revisions["a"]
	wl := w.workload()
	s.settled = s.settled || t.Rollback && PodsOf(wl, t).replacements() >= step.MaxAttempts
	var moves []Action
	switch {
	case revisionsLeft(wl, t) != "":
		moves = []Action{NextAction(wl, t)}
	case wl.Swapping():
		moves = NextDeletions(wl, t, s.now)
	default:
		return false
	}
	for _, m := range moves {
		if m.Kind == Wait || m.Kind == WaitUntil {
			advance(w, 3)
			continue
		}
		if s.trace {
			fmt.Println(t.Rollback, m.Kind, m.Pod.Name, m.Other.Name, len(m.Pods))
			fmt.Println(describePods(wl))
		}
		changes, err := Render(m, wl, t, s.now)
		if err != nil {
			panic(err)
		}
		w.prepare(m, wl, crashes)
		for _, c := range changes {
			w.apply(c)
			if w.died() || crashes && !c.DryRun && (s.crashAlways || s.r.IntN(4) == 0) {
				advance(w, 8)
				return true
			}
			if s.r.IntN(4) == 0 {
				w.reconcile() // the controller is faster than the next change
			}
		}
	}
	advance(w, 4)
	return true
}

// runToEnd takes turns until nothing is left.
func runToEnd(t *testing.T, w simulated, target step.Target, crashes bool) {
	t.Helper()
	for n := 0; turn(w, target, crashes); n++ {
		if n == 2000 {
			wl := w.workload()
			m := NextAction(wl, target)
			t.Fatalf("after 2000 turns: got %s %s %s %s, want an end\n%s", m.Kind, m.Pod.Name, m.Other.Name, m.Reason, describePods(wl))
		}
	}
}

// turnAround takes turns towards one target and back, a random number of times, and returns
// how many turns went back. It leaves parked pods alone: the wave soaks.
func turnAround(w simulated, forward, back step.Target) (turns int) {
	s := w.parts()
	for range s.r.IntN(4) {
		for range s.r.IntN(40) {
			if revisionsLeft(w.workload(), forward) == "" {
				break
			}
			turn(w, forward, true)
		}
		for range s.r.IntN(20) {
			if revisionsLeft(w.workload(), back) == "" {
				break
			}
			turn(w, back, true)
			turns++
		}
	}
	return turns
}

// settle lets the controllers finish.
func settle(w simulated) {
	for range 20 {
		w.reconcile()
		for _, p := range w.parts().pods {
			p.ready = !p.broken
			p.endpoint = p.ready && p.labels["app"] == "web"
		}
	}
}
