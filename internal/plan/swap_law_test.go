// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

func there(back bool) step.Target {
	t := step.Target{
		Run:      "to-new",
		Revision: "new", Rollback: back,
		Revisions: map[string]string{"a": "new"},
		Policy:    step.Policy{Strategy: step.BySwap},
	}
	if back {
		t.Revisions["a"] = "old"
	}
	return t
}

// turn does what the engine does in a look: the next move, or the last things;
// false when nothing is left. A crash breaks an exchange off.
func (s *sim) turn(t step.Target, crashes bool) bool {
	s.inject = t.Revisions["a"]
	wl := s.workload()
	s.settled = s.settled || t.Rollback && swap.PodsOf(wl, t).StandIns() >= step.MaxAttempts
	var moves []swap.Action
	switch {
	case swap.RevisionsLeft(wl, t) != "":
		moves = []swap.Action{swap.NextAction(wl, t)}
	case wl.Swapping():
		moves = swap.NextDeletions(wl, t, s.now)
	default:
		return false
	}
	for _, m := range moves {
		if m.Kind == swap.Wait || m.Kind == swap.WaitUntil {
			s.live(3)
			continue
		}
		if s.trace {
			fmt.Println(t.Rollback, m.Kind, m.Pod.Name, m.Other.Name)
			fmt.Println(seen(wl))
		}
		changes, err := swap.Render(m, wl, t, s.now)
		if err != nil {
			panic(err)
		}
		for _, c := range changes {
			s.act(c)
			if crashes && (s.deadly || s.r.IntN(4) == 0) {
				s.live(8)
				return true
			}
			if s.r.IntN(4) == 0 {
				s.sync() // the controller is quick
			}
		}
	}
	s.live(4)
	return true
}

// ends takes turns until nothing is left.
func (s *sim) ends(t *testing.T, target step.Target, crashes bool) {
	t.Helper()
	for n := 0; s.turn(target, crashes); n++ {
		if n == 2000 {
			wl := s.workload()
			m := swap.NextAction(wl, target)
			t.Fatalf("no end: %s %s %s %s\n%s", m.Kind, m.Pod.Name, m.Other.Name, m.Reason, seen(wl))
		}
	}
}

// rests lets the controllers come to their end.
func (s *sim) rests() {
	for range 20 {
		s.sync()
		for _, p := range s.pods {
			p.ready = !p.broken
			p.endpoint = p.ready && p.labels["app"] == "web"
		}
	}
}

func (s *sim) names() []string {
	var list []string
	for _, p := range s.pods {
		list = append(list, p.name+" "+p.rev)
	}
	slices.Sort(list)
	return list
}

func seen(wl mesh.Workload) string {
	text := ""
	for _, p := range wl.Pods {
		text += fmt.Sprintln(
			p.Name, p.Sidecar.Revision, p.HasController, p.Ready, p.Endpoints, p.Swap.Place, p.Swap.Role,
			p.Created.Format("04:05"),
			p.Swap.StartedAt.Format("04:05"),
		)
	}
	return text
}

// A swap there and back, crashed and turned around anywhere: nothing serves less
// than it should, nothing that serves is ended, nothing is left behind, and at the
// end the same pods serve again as at the beginning.
func TestASwapTurnedAroundAnywhereLosesNothing(t *testing.T) {
	turned, settled := 0, 0
	for seed := range uint64(400) {
		s := newSim(seed, 1+int(seed%3))
		before := s.names()
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		for range s.r.IntN(4) {
			for range s.r.IntN(40) {
				if swap.RevisionsLeft(s.workload(), there(false)) == "" {
					break // what was parked is still there: the wave soaks
				}
				s.turn(there(false), true)
			}
			for range s.r.IntN(20) {
				if swap.RevisionsLeft(s.workload(), there(true)) == "" {
					break
				}
				s.turn(there(true), true)
				turned++
			}
		}
		s.ends(t, there(true), true)
		s.rests()
		if s.fault != "" {
			t.Fatalf("seed %d: %s", seed, s.fault)
		}
		if s.settled {
			settled++
		} else if got := s.names(); !slices.Equal(got, before) {
			t.Fatalf("seed %d: %v serve at the end, not %v", seed, got, before)
		}
	}
	if turned < 500 || settled > 200 {
		t.Fatalf("%d turns on the way back; %d of 400 settled for a stand-in", turned, settled)
	}
}

// Killed in the middle of each exchange, it ends all the same.
func TestASwapKilledInEachExchangeEnds(t *testing.T) {
	for seed := range uint64(100) {
		s := newSim(seed, 2)
		for swap.RevisionsLeft(s.workload(), there(false)) != "" {
			s.turn(there(false), false)
		}
		s.deadly = true
		s.ends(t, there(true), true)
		s.rests()
		for _, p := range s.pods {
			if p.rev != "old" || len(p.notes) > 0 || len(s.pods) != s.wanted || s.keeper {
				t.Fatalf("seed %d: at the end there are %v, keeper %t", seed, s.names(), s.keeper)
			}
		}
	}
}

func TestASwapForthEndsWithNothingLeft(t *testing.T) {
	for seed := range uint64(1000) {
		s := newSim(seed, 1+int(seed%3))
		s.ends(t, there(false), true)
		s.rests()
		if s.fault != "" {
			t.Fatalf("seed %d: %s", seed, s.fault)
		}
		for _, p := range s.pods {
			if p.rev != "new" || len(p.notes) > 0 || len(s.pods) != s.wanted || s.keeper {
				t.Fatalf("seed %d: at the end there are %v, keeper %t", seed, s.names(), s.keeper)
			}
		}
	}
}

// Other hands change the template, scale, or end pods while a swap is under way:
// it ends all the same, on the wanted revision and with nothing left.
func TestADisturbedSwapEnds(t *testing.T) {
	for seed := range uint64(400) {
		s := newSim(seed, 1+int(seed%3))
		for range s.r.IntN(60) {
			s.turn(there(false), true)
		}
		switch s.r.IntN(3) {
		case 0:
			s.set = "h2"
		case 1:
			s.wanted = max(1, s.wanted+s.r.IntN(3)-1)
		case 2:
			s.remove(s.pods[s.r.IntN(len(s.pods))])
		}
		back := s.r.IntN(2) == 0
		s.fault = "what other hands do is theirs"
		s.ends(t, there(back), true)
		s.rests()
		for _, p := range s.pods {
			if want := there(back).Revisions["a"]; p.rev != want || len(p.notes) > 0 || len(s.pods) != s.wanted || s.keeper ||
				p.labels[swap.HashLabel] != s.set {
				t.Fatalf("seed %d: at the end there are %v of %d, keeper %t, %s", seed, s.names(), s.wanted, s.keeper, fmt.Sprint(p.labels, p.notes))
			}
		}
	}
}

// The new revision's pods go bad while the old ones are parked, or are gone
// already, or of an older template: the way back ends all the same, and what still
// serves goes on until others do.
func TestTheWayBackFromBrokenPodsEnds(t *testing.T) {
	for seed := range uint64(600) {
		s := newSim(seed, 1+int(seed%4))
		before := s.names()
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		for n := s.r.IntN(80); n > 0 && swap.RevisionsLeft(s.workload(), there(false)) != ""; n-- {
			s.turn(there(false), true)
		}
		kind := s.r.IntN(3)
		switch kind {
		case 1:
			s.set = "h2"
		case 2:
			s.pods = slices.DeleteFunc(s.pods, func(p *simPod) bool { return swap.ReadMark(p.labels, p.notes).Place == mesh.Parked })
		}
		s.breaks("new")
		s.ends(t, there(true), true)
		s.rests()
		if s.fault != "" {
			t.Fatalf("seed %d: %s", seed, s.fault)
		}
		for _, p := range s.pods {
			if p.rev != "old" || len(p.notes) > 0 || len(s.pods) != s.wanted || s.keeper || !p.endpoint {
				t.Fatalf("seed %d: at the end there are %v of %d, keeper %t", seed, s.names(), s.wanted, s.keeper)
			}
		}
		if got := s.names(); kind == 0 && !s.settled && !slices.Equal(got, before) {
			t.Fatalf("seed %d: %v serve at the end, not %v", seed, got, before)
		}
	}
}
