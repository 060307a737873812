// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// noRoom notes that there is no room for what moving a workload adds: a restart
// may need a pod beside the present ones before it can end any, an eviction only
// that its pod can be made anew; a swap keeps every old pod beside the new ones
// until the soak is over, and makes a keeper.
func noRoom(w mesh.World, t step.Target, wl mesh.Workload, p step.Decision) []step.Note {
	what := "restart"
	var lack string
	switch p.Strategy {
	case step.BySwap:
		d := keeps(wl, t)
		lack, what = cmp.Or(w.Shortage(wl, d.Pods), w.OverQuota(wl.Namespace, "its swap takes", d)), "swap"
	case step.ByRestart:
		lack = w.Shortage(wl, wl.Surge)
	default:
		lack = w.Shortage(wl, 0)
	}
	if lack == "" {
		return nil
	}
	return []step.Note{{Kind: step.NoRoom, Subject: string(wl.Ref()), Evidence: lack, Remedy: makeRoom,
		Text: "has no room for its " + what + ": it is not begun before there is some, and holds the run when that takes longer than the ready timeout"}}
}

const makeRoom = "make room: raise the quota, add a node, or scale something down"

// keeps is what a swap still adds: nothing where kept pods take the places.
func keeps(wl mesh.Workload, t step.Target) mesh.Demand {
	s := swap.PodsOf(wl, t)
	d := mesh.Demand{Needs: wl.Needs, Pods: max(0, len(s.Outdated)-len(s.Parked)-len(s.Returning))}
	if d.Pods > 0 && wl.Keeper == "" {
		d.Services = 1
	}
	return d
}

// namespaceRoom notes that a namespace has room for each of its swaps, and not for what
// all of them keep until the soak is over.
func namespaceRoom(w mesh.World, t step.Target, namespace string) []step.Note {
	var all []mesh.Demand
	for _, wl := range w.In(namespace) {
		p := strategy.Decide(t.Policy, wl)
		if p.Strategy != step.BySwap {
			continue
		}
		if len(noRoom(w, t, wl, p)) > 0 {
			return nil // that is said of it already
		}
		all = append(all, keeps(wl, t))
	}
	lack := w.OverQuota(namespace, "its swaps take", all...)
	if lack == "" {
		return nil
	}
	return []step.Note{{Kind: step.NoRoom, Subject: namespace, Evidence: lack, Remedy: makeRoom + "; or move some of its workloads in another way",
		Text: "has no room for what all of its swaps keep until the soak is over: one that finds none waits, and holds the run when that takes longer than the ready timeout"}}
}

func atMaximum(wl mesh.Workload) []step.Note {
	if !wl.Scaler.Full {
		return nil
	}
	return []step.Note{{Kind: step.AtMaximum, Subject: string(wl.Ref()), Evidence: fmt.Sprintf("HorizontalPodAutoscaler %s, at most %d", wl.Scaler.Name, wl.Scaler.Max),
		Text: "is at its autoscaler's maximum: no pod is added for its load while others are replaced"}}
}

func unknownRoom(w mesh.World) []step.Note {
	var notes []step.Note
	for _, what := range w.Capacity.Unknown {
		notes = append(notes, step.Note{Kind: step.RoomUnknown, Subject: what, Text: "could not be read: whether there is room for what a restart adds is not known"})
	}
	return notes
}
