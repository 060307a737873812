// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// Lacking says why there is no room for what moving a workload adds, "" where
// there is: a restart may need a pod beside the present ones before it can end
// any, an eviction only that its pod can be made anew; a swap keeps every old pod
// beside the new ones until the soak is over.
func Lacking(w mesh.World, wl mesh.Workload, p Passage) string {
	more := 0
	switch p.Way {
	case ByRestart:
		more = wl.Surge
	case BySwap:
		more = wl.Wanted
	}
	return w.Lacks(wl, more)
}

func roomless(w mesh.World, wl mesh.Workload, p Passage) []Note {
	lack := Lacking(w, wl, p)
	if lack == "" {
		return nil
	}
	return []Note{{Kind: NoRoom, Subject: wl.Key(), Evidence: lack, Clears: "make room: raise the quota, add a node, or scale something down",
		Text: "has no room for its restart: it is not begun before there is some, and holds the run when that takes longer than the ready timeout"}}
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
