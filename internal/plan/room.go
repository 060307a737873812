// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// roomless notes that there is no room for what moving a workload adds: a restart
// may need a pod beside the present ones before it can end any, an eviction only
// that its pod can be made anew; a swap keeps every old pod beside the new ones
// until the soak is over, and makes a keeper.
func roomless(w mesh.World, t Target, wl mesh.Workload, p Passage) []Note {
	what := "restart"
	var lack string
	switch p.Way {
	case BySwap:
		d := keeps(wl, t)
		lack, what = cmp.Or(w.Lacks(wl, d.Pods), w.Overdraws(wl.Namespace, "its swap takes", d)), "swap"
	case ByRestart:
		lack = w.Lacks(wl, wl.Surge)
	default:
		lack = w.Lacks(wl, 0)
	}
	if lack == "" {
		return nil
	}
	return []Note{{Kind: NoRoom, Subject: wl.Key(), Evidence: lack, Clears: roomier,
		Text: "has no room for its " + what + ": it is not begun before there is some, and holds the run when that takes longer than the ready timeout"}}
}

const roomier = "make room: raise the quota, add a node, or scale something down"

// keeps is what a swap still adds: nothing where kept pods take the places.
func keeps(wl mesh.Workload, t Target) mesh.Demand {
	s := stockOf(wl, t)
	d := mesh.Demand{Needs: wl.Needs, Pods: max(0, len(s.others)-len(s.parked)-len(s.homing))}
	if d.Pods > 0 && wl.Keeper == "" {
		d.Services = 1
	}
	return d
}

// crowded notes that a namespace has room for each of its swaps, and not for what
// all of them keep until the soak is over.
func crowded(w mesh.World, t Target, namespace string) []Note {
	var all []mesh.Demand
	for _, wl := range w.In(namespace) {
		p := t.Policy.Passage(wl)
		if p.Way != BySwap {
			continue
		}
		if len(roomless(w, t, wl, p)) > 0 {
			return nil // that is said of it already
		}
		all = append(all, keeps(wl, t))
	}
	lack := w.Overdraws(namespace, "its swaps take", all...)
	if lack == "" {
		return nil
	}
	return []Note{{Kind: NoRoom, Subject: namespace, Evidence: lack, Clears: roomier + "; or move some of its workloads in another way",
		Text: "has no room for what all of its swaps keep until the soak is over: one that finds none waits, and holds the run when that takes longer than the ready timeout"}}
}

func full(wl mesh.Workload) []Note {
	if !wl.Scaler.Full {
		return nil
	}
	return []Note{{Kind: AtMaximum, Subject: wl.Key(), Evidence: fmt.Sprintf("HorizontalPodAutoscaler %s, at most %d", wl.Scaler.Name, wl.Scaler.Max),
		Text: "is at its autoscaler's maximum: no pod is added for its load while others are replaced"}}
}

func unknownRoom(w mesh.World) []Note {
	var notes []Note
	for _, what := range w.Room.Unknown {
		notes = append(notes, Note{Kind: RoomUnknown, Subject: what, Text: "could not be read: whether there is room for what a restart adds is not known"})
	}
	return notes
}
