// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// RenderMove writes a move out as the writes that carry it out, in order: of an
// Exchange the second must follow the first's answer at once. at is when it is
// made, for the marks. It fails for a Rest and an Await, which have no writes, and
// otherwise only where a patch cannot be encoded.
func RenderMove(m Move, wl mesh.Workload, t Target, at time.Time) ([]Change, error) {
	switch m.Kind {
	case MakeKeeper:
		return one(keeper(wl, t.Run))
	case Release:
		return one(released(m.Pod, wl, t, at))
	case Park:
		return one(parked(m.Pod, wl, t, at))
	case Unpark:
		return one(unparked(m.Pod, wl))
	case Adopt:
		return one(adopted(m.Other, wl))
	case Exchange:
		away, err := released(m.Pod, wl, t, at)
		if err != nil {
			return nil, err
		}
		home, err := adopted(m.Other, wl)
		return []Change{away, home}, err
	case EndKept:
		return []Change{{Verb: Drop, Kind: "Pod", Namespace: wl.Namespace, Name: m.Pod.Name, Expect: Expected(m.Pod.UID, m.Pod.Swap)}}, nil
	case Unkeep:
		return []Change{{Verb: Drop, Kind: "Service", Namespace: wl.Namespace, Name: wl.Keeper, Expect: wl.Key()}}, nil
	case Unmark:
		return one(pod(m.Pod, wl, Loose, map[string]any{"annotations": map[string]any{SwapAnnotation: nil}}))
	}
	return nil, fmt.Errorf("render the move %s of %s: it has no writes", m.Kind, wl.Key())
}

// Expected is what must be found of a pod before it is written to.
func Expected(uid string, s mesh.Swap) string {
	if s.Place == mesh.Held {
		return uid
	}
	return uid + " " + string(s.Place)
}

func released(p mesh.Pod, wl mesh.Workload, t Target, at time.Time) (Change, error) {
	s := p.Swap
	if !s.Marked() {
		s = mesh.Swap{Workload: wl.Key(), Run: t.Run, Role: stockOf(wl, t).roleOf(p), Since: at}
	}
	s.Hash, s.Left = wl.Set, at
	return pod(p, wl, Loose, map[string]any{
		"labels":      map[string]any{HashLabel: runHash(t.Run), KeepLabel: keep(wl.Key())},
		"annotations": map[string]any{SwapAnnotation: written(s)}})
}

// parked makes the pod the run's: it serves nobody any more, and ends with it.
func parked(p mesh.Pod, wl mesh.Workload, t Target, at time.Time) (Change, error) {
	s := p.Swap
	s.Taken, s.Parked = takes(wl, p), at
	maps.Copy(s.Taken, p.Swap.Taken) // of one that is parked anew
	labels := map[string]any{}
	for key := range s.Taken {
		labels[key] = nil
	}
	c, err := pod(p, wl, Tied, map[string]any{"labels": labels, "annotations": map[string]any{SwapAnnotation: written(s)}})
	c.Owner = t.Run
	return c, err
}

// unparked gives the pod its labels again, and takes it from the run: what serves
// must not end with it.
func unparked(p mesh.Pod, wl mesh.Workload) (Change, error) {
	s := p.Swap
	labels := map[string]any{}
	for key, value := range s.Taken {
		labels[key] = value
	}
	s.Taken, s.Parked = nil, time.Time{}
	return pod(p, wl, Loose, map[string]any{"labels": labels, "annotations": map[string]any{SwapAnnotation: written(s)}})
}

// adopted leaves the mark: it tells the pods that were there before from those
// that stood in for them.
func adopted(p mesh.Pod, wl mesh.Workload) (Change, error) {
	return pod(p, wl, Loose, map[string]any{"labels": map[string]any{HashLabel: wl.Set, KeepLabel: nil}})
}

func pod(p mesh.Pod, wl mesh.Workload, tie Tie, metadata map[string]any) (Change, error) {
	c, err := merge("Pod", wl.Namespace, p.Name, Expected(p.UID, p.Swap), map[string]any{"metadata": metadata})
	c.Tie = tie
	return c, err
}
