// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// NextRetirements are what takes the rest of a swap away from a workload, once
// its own pods serve: the kept pods, each parked for as long as it may take to
// end, then their keeper, then the marks on those that serve again. Where stand-ins
// stayed in the places of pods that would come back, those end first: the stand-ins
// that were released before are the count by which they stayed.
func NextRetirements(wl mesh.Workload, t Target, now time.Time) []Move {
	s := stockOf(wl, t)
	if why := s.short(); why != "" && !wl.Gone {
		return []Move{await("%s", why)}
	}
	kept := wl.Kept()
	var moves []Move
	for _, p := range kept {
		switch until := p.Swap.Parked.Add(p.Grace); {
		case p.Terminating:
			moves = append(moves, Move{Kind: Await, Pod: p, Why: fmt.Sprintf("pod %s to end", p.Name)})
		case p.Swap.Place == mesh.Released && p.Owned:
			moves = append(moves, await("its ReplicaSet to let pod %s go", p.Name))
		case p.Swap.Place == mesh.Released:
			moves = append(moves, s.kept(Move{Kind: Park, Pod: p}))
		case len(p.Endpoints) > 0 && ledTo(wl, p): // by a Service that came since
			moves = append(moves, s.kept(Move{Kind: Park, Pod: p}))
		case now.Before(until):
			moves = append(moves, Move{Kind: Rest, Pod: p, Until: until})
		case s.back && len(s.parked) > 0 && s.standIn(p):
			moves = append(moves, Move{Kind: Rest, Pod: p, Until: s.parked[0].Swap.Parked.Add(s.parked[0].Grace)})
		default:
			moves = append(moves, Move{Kind: EndKept, Pod: p})
		}
	}
	if len(kept) > 0 {
		return moves
	}
	if wl.Keeper != "" {
		moves = append(moves, Move{Kind: Unkeep})
	}
	for _, p := range wl.Pods {
		if p.Swap.Marked() && !p.Terminating {
			moves = append(moves, Move{Kind: Unmark, Pod: p})
		}
	}
	return moves
}

// ledTo reports whether a parked pod bears labels by which Services select it now.
func ledTo(wl mesh.Workload, p mesh.Pod) bool {
	for key := range takes(wl, p) {
		if _, is := p.Swap.Taken[key]; !is {
			return true
		}
	}
	return false
}
