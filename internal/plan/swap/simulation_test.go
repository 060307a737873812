// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func targetOf(back bool) step.Target {
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

func (s *sim) names() []string {
	var list []string
	for _, p := range s.pods {
		list = append(list, p.name+" "+p.rev)
	}
	slices.Sort(list)
	return list
}

func describePods(wl mesh.Workload) string {
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

// A swap that is crashed and reversed at any point never has fewer serving pods than wanted, ends
// no serving pod, leaves nothing, and ends with the pods that served at the beginning.
func TestReversedSwapLosesNothing(t *testing.T) {
	t.Parallel()
	turned, settled := 0, 0
	for seed := range uint64(400) {
		s := newSim(seed, 1+int(seed%3))
		before := s.names()
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		turned += turnAround(s, targetOf(false), targetOf(true))
		runToEnd(t, s, targetOf(true), true)
		settle(s)
		if s.fault != "" {
			t.Fatalf("seed %d: got fault %s, want none", seed, s.fault)
		}
		if s.settled {
			settled++
		} else if got := s.names(); !slices.Equal(got, before) {
			t.Fatalf("seed %d: pods at the end: got %v, want %v", seed, got, before)
		}
	}
	if turned < 500 || settled > 200 {
		t.Fatalf("got %d rollback turns and %d of 400 runs that end on a replacement, want at least 500 and at most 200", turned, settled)
	}
}

// A swap that crashes after each write ends.
func TestCrashedSwapEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		s := newSim(seed, 2)
		for revisionsLeft(s.workload(), targetOf(false)) != "" {
			turn(s, targetOf(false), false)
		}
		s.crashAlways = true
		runToEnd(t, s, targetOf(true), true)
		settle(s)
		for _, p := range s.pods {
			if p.rev != "old" || len(p.annotations) > 0 || len(s.pods) != s.wanted || s.keeper {
				t.Fatalf("seed %d: got pods %v and keeper %t, want %d old pods without marks", seed, s.names(), s.keeper, s.wanted)
			}
		}
	}
}

func TestForwardSwapLeavesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		s := newSim(seed, 1+int(seed%3))
		runToEnd(t, s, targetOf(false), true)
		settle(s)
		if s.fault != "" {
			t.Fatalf("seed %d: got fault %s, want none", seed, s.fault)
		}
		for _, p := range s.pods {
			if p.rev != "new" || len(p.annotations) > 0 || len(s.pods) != s.wanted || s.keeper {
				t.Fatalf("seed %d: got pods %v and keeper %t, want %d new pods without marks", seed, s.names(), s.keeper, s.wanted)
			}
		}
	}
}

// A swap ends on the wanted revision, and leaves nothing, although another tool or person changes
// the template, scales the Deployment, or deletes a pod.
func TestDisturbedSwapEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		s := newSim(seed, 1+int(seed%3))
		for range s.r.IntN(60) {
			turn(s, targetOf(false), true)
		}
		switch s.r.IntN(3) {
		case 0:
			s.hash = "h2"
		case 1:
			s.wanted = max(1, s.wanted+s.r.IntN(3)-1)
		case 2:
			s.remove(s.pods[s.r.IntN(len(s.pods))])
		}
		back := s.r.IntN(2) == 0
		s.fault = "changes of other tools are not faults"
		runToEnd(t, s, targetOf(back), true)
		settle(s)
		for _, p := range s.pods {
			if want := targetOf(back).Revisions["a"]; p.rev != want || len(p.annotations) > 0 || len(s.pods) != s.wanted || s.keeper ||
				p.labels[HashLabel] != s.hash {
				t.Fatalf("seed %d: got pods %v of %d, keeper %t, %s", seed, s.names(), s.wanted, s.keeper, fmt.Sprint(p.labels, p.annotations))
			}
		}
	}
}

// A rollback ends although the new pods break while the old ones are parked, are deleted already,
// or have an older template. Serving pods stay until others serve.
func TestRollbackFromBrokenPodsEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(600) {
		s := newSim(seed, 1+int(seed%4))
		before := s.names()
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		for n := s.r.IntN(80); n > 0 && revisionsLeft(s.workload(), targetOf(false)) != ""; n-- {
			turn(s, targetOf(false), true)
		}
		kind := s.r.IntN(3)
		switch kind {
		case 1:
			s.hash = "h2"
		case 2:
			s.pods = slices.DeleteFunc(s.pods, func(p *simPod) bool { return ReadMark(p.labels, p.annotations).Place == mesh.Parked })
		}
		s.breakPods("new")
		runToEnd(t, s, targetOf(true), true)
		settle(s)
		if s.fault != "" {
			t.Fatalf("seed %d: got fault %s, want none", seed, s.fault)
		}
		for _, p := range s.pods {
			if p.rev != "old" || len(p.annotations) > 0 || len(s.pods) != s.wanted || s.keeper || !p.endpoint {
				t.Fatalf("seed %d: got pods %v and keeper %t, want %d old pods that serve", seed, s.names(), s.keeper, s.wanted)
			}
		}
		if got := s.names(); kind == 0 && !s.settled && !slices.Equal(got, before) {
			t.Fatalf("seed %d: pods at the end: got %v, want %v", seed, got, before)
		}
	}
}
