// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// MoveKind names one of the few things that a swap does. They are not approved
// one by one: whoever agreed to a swap agreed to what it takes.
type MoveKind string

const (
	MakeKeeper MoveKind = "keep"     // make the keeper, which holds the listeners of pods that no Service selects
	Release    MoveKind = "release"  // out of its ReplicaSet, which makes another in its place; it goes on serving
	Park       MoveKind = "park"     // out of the Services: alive, warm, without traffic
	Unpark     MoveKind = "unpark"   // into the Services again
	Exchange   MoveKind = "exchange" // release one, and at once have another adopted in its place
	Adopt      MoveKind = "adopt"    // back into its ReplicaSet, which lacks a pod
	EndKept    MoveKind = "end"      // end a parked pod that nothing goes through any more
	Unmark     MoveKind = "unmark"   // take the mark off a pod that serves again
	Unkeep     MoveKind = "unkeep"   // take the keeper away
	Rest       MoveKind = "rest"     // nothing to do before Until
	Await      MoveKind = "wait"     // nothing to do before the cluster has come further: Why
)

// Move is the next thing that a swap does to a workload.
type Move struct {
	Kind  MoveKind
	Pod   mesh.Pod  // the pod; of an Exchange the one that is released
	Other mesh.Pod  // of an Exchange the one that is adopted
	Why   string    // what an Await waits for, and why a Release is a wrong one's
	Wrong bool      // the wrong revision injected what is released; the run repeats that no more than a few times
	Until time.Time // of a Rest: when the pod has been parked for as long as it may take to end
}

// NextMove is what brings a workload one pod nearer to the revision that it
// should run: a parked pod of that revision is put in the place of another one;
// without any, a pod is released and its replacement takes its place. One pod at
// a time, and nothing leaves the Services before what takes its place serves.
func NextMove(wl mesh.Workload, t Target) Move {
	s := stockOf(wl, t)
	if why := s.unsettled(); why != "" {
		return await("%s", why)
	}
	if m, ok := s.home(); ok {
		return m
	}
	if m, ok := s.leave(); ok {
		return m
	}
	switch {
	case len(s.parked) > 0 && (s.partner() != nil || len(s.own) < wl.Wanted):
		return s.kept(Move{Kind: Unpark, Pod: s.parked[0]})
	case len(s.others) == 0:
		return await("every pod is on %s", s.want)
	case s.broken() != nil:
		return s.kept(Move{Kind: Release, Pod: *s.broken()})
	}
	if why := s.short(); why != "" {
		return await("%s", why)
	}
	return s.kept(Move{Kind: Release, Pod: s.others[0]})
}

// home ends the way of a pod that comes back: it serves already, and takes the
// place of another one.
func (s stock) home() (Move, bool) {
	for _, p := range s.homing {
		switch partner := s.partner(); {
		case partner != nil && !s.serves(p):
			return await("pod %s to be an endpoint of %s", p.Name, s.services()), true
		case partner != nil:
			return s.kept(Move{Kind: Exchange, Pod: *partner, Other: p}), true
		case len(s.own) < s.wl.Wanted:
			return Move{Kind: Adopt, Other: p}, true
		}
	}
	return Move{}, false
}

// leave takes a released pod out of the Services once as many others serve as
// should. A replacement that the wrong revision injected is released as well.
func (s stock) leave() (Move, bool) {
	leavers := slices.Concat(s.leaving, s.homing)
	if len(leavers) == 0 {
		return Move{}, false
	}
	if why := s.short(); why != "" {
		if s.partner() != nil && len(s.parked) > 0 || s.broken() != nil {
			return Move{}, false // what is short comes by it
		}
		return await("%s", why), true
	}
	if wrong := s.wrong(); wrong != nil {
		return Move{Kind: Release, Pod: *wrong, Wrong: true, Why: fmt.Sprintf("pod %s took the place of %s and carries a sidecar of %s, not of %s",
			wrong.Name, leavers[0].Name, wrong.Sidecar.Revision, s.want)}, true
	}
	return s.kept(Move{Kind: Park, Pod: leavers[0]}), true
}

// kept sees to it that there is a keeper before a pod leaves its ReplicaSet.
func (s stock) kept(m Move) Move {
	if s.wl.Keeper == "" {
		return Move{Kind: MakeKeeper}
	}
	return m
}

func await(format string, args ...any) Move {
	return Move{Kind: Await, Why: fmt.Sprintf(format, args...)}
}
