// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// ActionKind names one of the few things that a swap does. They are not approved
// one by one: whoever agreed to a swap agreed to what it takes.
type ActionKind string

const (
	CreateKeeper ActionKind = "keep"     // make the keeper, which holds the listeners of pods that no Service selects
	Detach       ActionKind = "release"  // out of its ReplicaSet, which makes another in its place; it goes on serving
	Park         ActionKind = "park"     // out of the Services: alive, warm, without traffic
	Unpark       ActionKind = "unpark"   // into the Services again
	Exchange     ActionKind = "exchange" // release one, and at once have another adopted in its place
	Reattach     ActionKind = "adopt"    // back into its ReplicaSet, which lacks a pod
	DeletePod    ActionKind = "end"      // end a parked pod that nothing goes through any more
	RemoveMark   ActionKind = "unmark"   // take the mark off a pod that serves again
	DeleteKeeper ActionKind = "unkeep"   // take the keeper away
	WaitUntil    ActionKind = "rest"     // nothing to do before Until
	Wait         ActionKind = "wait"     // nothing to do before the cluster has come further: Why
)

// Action is the next thing that a swap does to a workload.
type Action struct {
	Kind   ActionKind
	Pod    mesh.Pod  // the pod; of an Exchange the one that is released
	Other  mesh.Pod  // of an Exchange the one that is adopted
	Reason string    // what an Await waits for, and why a Release is a wrong one's
	Wrong  bool      // the wrong revision injected what is released; the run repeats that no more than a few times
	Until  time.Time // of a Rest: when the pod has been parked for as long as it may take to end
}

// NextAction is what brings a workload one pod nearer to the revision that it
// should run: a parked pod of that revision is put in the place of another one;
// without any, a pod is released and its replacement takes its place. One pod at
// a time, and nothing leaves the Services before what takes its place serves.
func NextAction(wl mesh.Workload, t step.Target) Action {
	s := PodsOf(wl, t)
	if why := s.controllerBehind(); why != "" {
		return wait("%s", why)
	}
	if m, ok := s.nextReattach(); ok {
		return m
	}
	if m, ok := s.nextPark(); ok {
		return m
	}
	switch {
	case len(s.Parked) > 0 && (s.toReplace() != nil || len(s.attached) < wl.Replicas):
		return s.withKeeper(Action{Kind: Unpark, Pod: s.Parked[0]})
	case len(s.Outdated) == 0:
		return wait("every pod is on %s", s.want)
	case s.broken() != nil:
		return s.withKeeper(Action{Kind: Detach, Pod: *s.broken()})
	}
	if why := s.missing(); why != "" {
		return wait("%s", why)
	}
	return s.withKeeper(Action{Kind: Detach, Pod: s.Outdated[0]})
}

// nextReattach ends the way of a pod that comes back: it serves already, and takes the
// place of another one.
func (s Pods) nextReattach() (Action, bool) {
	for _, p := range s.Returning {
		switch partner := s.toReplace(); {
		case partner != nil && !s.serves(p):
			return wait("pod %s to be an endpoint of %s", p.Name, s.services()), true
		case partner != nil:
			return s.withKeeper(Action{Kind: Exchange, Pod: *partner, Other: p}), true
		case len(s.attached) < s.wl.Replicas:
			return Action{Kind: Reattach, Other: p}, true
		}
	}
	return Action{}, false
}

// nextPark takes a released pod out of the Services once as many others serve as
// should. A replacement that the wrong revision injected is released as well.
func (s Pods) nextPark() (Action, bool) {
	leavers := slices.Concat(s.leaving, s.Returning)
	if len(leavers) == 0 {
		return Action{}, false
	}
	if why := s.missing(); why != "" {
		if s.toReplace() != nil && len(s.Parked) > 0 || s.broken() != nil {
			return Action{}, false // what is short comes by it
		}
		return wait("%s", why), true
	}
	if wrong := s.wrongRevision(); wrong != nil {
		return Action{Kind: Detach, Pod: *wrong, Wrong: true, Reason: fmt.Sprintf("pod %s took the place of %s and carries a sidecar of %s, not of %s",
			wrong.Name, leavers[0].Name, wrong.Sidecar.Revision, s.want)}, true
	}
	return s.withKeeper(Action{Kind: Park, Pod: leavers[0]}), true
}

// withKeeper sees to it that there is a keeper before a pod leaves its ReplicaSet.
func (s Pods) withKeeper(m Action) Action {
	if s.wl.Keeper == "" {
		return Action{Kind: CreateKeeper}
	}
	return m
}

func wait(format string, args ...any) Action {
	return Action{Kind: Wait, Reason: fmt.Sprintf(format, args...)}
}
