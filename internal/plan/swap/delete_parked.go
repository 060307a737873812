// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// NextDeletions returns the actions that end a swap once the workload's own pods serve:
// detached pods are parked, parked pods deleted after their termination grace period,
// gateways once they have asked their clients to leave, then the keeper, then the
// annotations of pods that serve again. On rollback, original pods that could still
// return are deleted before the replacements in their places: detached replacements are
// the count by which the swap has settled for them.
func NextDeletions(wl mesh.Workload, t step.Target, now time.Time) []Action {
	s := PodsOf(wl, t)
	if why := s.missing(); why != "" && !wl.Deleted {
		return []Action{wait("%s", why)}
	}
	detached := wl.DetachedPods()
	var moves []Action
	for _, p := range detached {
		switch until := p.Swap.ParkedAt.Add(p.GracePeriod); {
		case p.Terminating:
			moves = append(moves, Action{Kind: Wait, Pod: p, Reason: fmt.Sprintf("pod %s to terminate", p.Name)})
		case p.Swap.Place == mesh.Detached && p.HasController:
			moves = append(moves, wait("its ReplicaSet to release pod %s", p.Name))
		case p.Swap.Place == mesh.Detached:
			moves = append(moves, s.withKeeper(Action{Kind: Park, Pod: p}))
		case len(p.Endpoints) > 0 && selectedAgain(wl, p): // by a Service that came since
			moves = append(moves, s.withKeeper(Action{Kind: Park, Pod: p}))
		case now.Before(until):
			moves = append(moves, Action{Kind: WaitUntil, Pod: p, Until: until})
		case s.back && len(s.Parked) > 0 && s.isReplacement(p):
			moves = append(moves, Action{Kind: WaitUntil, Pod: p, Until: s.Parked[0].Swap.ParkedAt.Add(s.Parked[0].GracePeriod)})
		case s.back && len(s.Returning) > 0 && s.isReplacement(p):
			moves = append(moves, wait("pod %s to be parked", s.Returning[0].Name))
		case wl.Gateway && p.Running && p.Ready && p.Swap.LeavingAt.IsZero():
			moves = append(moves, Action{Kind: Leave, Pod: p})
		default:
			forced := wl.Gateway && !now.Before(p.Swap.ParkedAt.Add(t.ParkMax))
			moves = append(moves, Action{Kind: DeletePod, Pod: p, Forced: forced})
		}
	}
	if len(detached) > 0 {
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

// selectedAgain reports whether Services select a parked pod again, by labels that it
// still has.
func selectedAgain(wl mesh.Workload, p mesh.Pod) bool {
	for key := range labelsToRemove(wl, p) {
		if _, is := p.Swap.RemovedLabels[key]; !is {
			return true
		}
	}
	return false
}
