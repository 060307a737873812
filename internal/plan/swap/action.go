// SPDX-License-Identifier: Apache-2.0

// Package swap moves a Deployment to another revision pod by pod, without a rollout: a
// pod is detached from its ReplicaSet, which creates a replacement; once that serves,
// the detached pod is parked out of the Services, and deleted when nothing goes through
// it any more. A rollback puts the same pods to work again.
package swap

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// ActionKind names one of the few things that a swap does. Actions are not approved one by
// one: the approval of a swap includes them.
type ActionKind string

// The actions.
const (
	CreateKeeper  ActionKind = "create-keeper"   // create the keeper, which keeps the listeners of pods that no Service selects
	Detach        ActionKind = "detach"          // take a pod out of its ReplicaSet, which creates another; the pod still serves
	Park          ActionKind = "park"            // take a detached pod out of its Services: alive, without new requests
	Unpark        ActionKind = "unpark"          // put a parked pod into its Services again
	Exchange      ActionKind = "exchange"        // detach one pod, and reattach another in its place at once
	Reattach      ActionKind = "reattach"        // put a pod into its ReplicaSet again, which lacks a pod
	Hold          ActionKind = "hold-rollout"    // hold the rollout of a Deployment: its next template replaces no pod
	WriteTemplate ActionKind = "write-template"  // write the template of the wanted revision
	CreateShadow  ActionKind = "create-shadow"   // create a Gateway from which the template of the wanted revision is taken
	DeleteShadow  ActionKind = "delete-shadow"   // delete it
	AwaitCommit   ActionKind = "await-commit"    // nothing to do before a GitOps tool has written that template: Reason
	Release       ActionKind = "release-rollout" // detach the pods of the older template, and release the rollout
	Leave         ActionKind = "leave"           // have a parked gateway ask its clients to close their connections
	DeletePod     ActionKind = "delete-pod"      // delete a parked pod without requests
	RemoveMark    ActionKind = "remove-mark"     // remove the swap's annotation from a pod that serves again
	DeleteKeeper  ActionKind = "delete-keeper"   // delete the keeper
	WaitUntil     ActionKind = "wait-until"      // nothing to do before Until
	Wait          ActionKind = "wait"            // nothing to do before the cluster has made progress: Reason
)

// Action is the next thing that a swap does to a workload.
type Action struct {
	Kind   ActionKind
	Pod    mesh.Pod   // the pod; of an Exchange the one that is detached
	Pods   []mesh.Pod // of a WriteTemplate or a Release: the pods that are detached
	Other  mesh.Pod   // of an Exchange or a Reattach: the pod that is reattached
	Reason string     // what a Wait waits for; why a wrong replacement is detached
	Wrong  bool       // the detached pod was injected by the wrong revision; the run repeats this MaxAttempts times
	Until  time.Time  // of a WaitUntil: when the pod's termination grace period has passed since it was parked
	Forced bool       // of a DeletePod: the pod was parked for the longest time, so it is not asked whether it is idle
}

// MarshalJSON writes the action for scripts: its pods by name.
func (a Action) MarshalJSON() ([]byte, error) {
	var pods []string
	for _, p := range a.Pods {
		pods = append(pods, p.Name)
	}
	return json.Marshal(struct {
		Kind   ActionKind `json:"kind"`
		Pod    string     `json:"pod,omitempty"`
		Pods   []string   `json:"pods,omitempty"`
		Other  string     `json:"other,omitempty"`
		Reason string     `json:"reason,omitempty"`
		Until  time.Time  `json:"until,omitzero"`
	}{Kind: a.Kind, Pod: a.Pod.Name, Pods: pods, Other: a.Other.Name, Reason: a.Reason, Until: a.Until})
}

// NextAction returns what brings a workload one pod nearer to its target revision: a
// parked pod of that revision replaces another one; without a parked pod, a pod is
// detached and its ReplicaSet replaces it. One pod at a time, and no pod leaves the
// Services before its replacement serves. Where the template's own label decides the
// revision, it returns the next action of a held rollout.
func NextAction(wl mesh.Workload, t step.Target) Action {
	s := PodsOf(wl, t)
	if s.held {
		return s.nextHeld(t)
	}
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

// nextReattach returns the action that reattaches an unparked pod once it serves, in the
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

// nextPark returns the action that parks a detached pod once enough others serve. A
// replacement that the wrong revision injected is detached as well.
func (s Pods) nextPark() (Action, bool) {
	leavers := slices.Concat(s.leaving, s.Returning)
	if len(leavers) == 0 {
		return Action{}, false
	}
	if why := s.missing(); why != "" {
		if s.toReplace() != nil && len(s.Parked) > 0 || s.broken() != nil {
			return Action{}, false // replacing that pod provides it
		}
		return wait("%s", why), true
	}
	if wrong := s.wrongRevision(); wrong != nil {
		why := fmt.Sprintf("pod %s replaced %s and has a sidecar of %s, not of %s", wrong.Name, leavers[0].Name, wrong.Sidecar.Revision, s.want)
		return Action{Kind: Detach, Pod: *wrong, Wrong: true, Reason: why}, true
	}
	return s.withKeeper(Action{Kind: Park, Pod: leavers[0]}), true
}

// withKeeper returns the action, or the creation of the keeper that has to precede it.
func (s Pods) withKeeper(m Action) Action {
	if s.wl.Keeper == "" {
		return Action{Kind: CreateKeeper}
	}
	return m
}

func wait(format string, args ...any) Action {
	return Action{Kind: Wait, Reason: fmt.Sprintf(format, args...)}
}
