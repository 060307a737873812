// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// NextDeletions are what takes the rest of a swap away from a workload, once
// its own pods serve: the kept pods, each parked for as long as it may take to
// end, then their keeper, then the marks on those that serve again. Where stand-ins
// stayed in the places of pods that would come back, those end first: the stand-ins
// that were released before are the count by which they stayed.
func NextDeletions(wl mesh.Workload, t step.Target, now time.Time) []Action {
	s := PodsOf(wl, t)
	if why := s.missing(); why != "" && !wl.Deleted {
		return []Action{wait("%s", why)}
	}
	kept := wl.DetachedPods()
	var moves []Action
	for _, p := range kept {
		switch until := p.Swap.ParkedAt.Add(p.GracePeriod); {
		case p.Terminating:
			moves = append(moves, Action{Kind: Wait, Pod: p, Reason: fmt.Sprintf("pod %s to end", p.Name)})
		case p.Swap.Place == mesh.Detached && p.HasController:
			moves = append(moves, wait("its ReplicaSet to let pod %s go", p.Name))
		case p.Swap.Place == mesh.Detached:
			moves = append(moves, s.withKeeper(Action{Kind: Park, Pod: p}))
		case len(p.Endpoints) > 0 && selectedAgain(wl, p): // by a Service that came since
			moves = append(moves, s.withKeeper(Action{Kind: Park, Pod: p}))
		case now.Before(until):
			moves = append(moves, Action{Kind: WaitUntil, Pod: p, Until: until})
		case s.back && len(s.Parked) > 0 && s.isStandIn(p):
			moves = append(moves, Action{Kind: WaitUntil, Pod: p, Until: s.Parked[0].Swap.ParkedAt.Add(s.Parked[0].GracePeriod)})
		default:
			moves = append(moves, Action{Kind: DeletePod, Pod: p})
		}
	}
	if len(kept) > 0 {
		return moves
	}
	if wl.Keeper != "" {
		moves = append(moves, Action{Kind: DeleteKeeper})
	}
	for _, p := range wl.Pods {
		if p.Swap.Marked() && !p.Terminating {
			moves = append(moves, Action{Kind: RemoveMark, Pod: p})
		}
	}
	return moves
}

// selectedAgain reports whether a parked pod bears labels by which Services select it now.
func selectedAgain(wl mesh.Workload, p mesh.Pod) bool {
	for key := range LabelsToRemove(wl, p) {
		if _, is := p.Swap.RemovedLabels[key]; !is {
			return true
		}
	}
	return false
}
