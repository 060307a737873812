// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// parkedMoves are the next moves to delete what a swap has parked of one workload.
type parkedMoves struct {
	step  step.Step
	wl    mesh.Workload
	moves []swap.Action
}

// deleteParked deletes parked pods as soon as their proxies report no traffic, and
// then the keepers.
func (t *turn) deleteParked(ctx context.Context, stage step.Stage) (Outcome, error) {
	next := make([]parkedMoves, len(stage.Steps))
	for i, s := range stage.Steps {
		wl, _ := t.world.Workload(s.Workload())
		next[i] = parkedMoves{step: s, wl: wl, moves: swap.NextDeletions(wl, t.target, t.Clock.Now())}
	}
	traffic, moved := t.askTraffic(ctx, next), false
	for _, p := range next {
		s, waiting := p.step, verify.Verdict{Result: verify.Pass}
		for _, m := range p.moves {
			switch v := t.deleteVerdict(s, p.wl, m, traffic); {
			case m.Kind == swap.WaitUntil:
			case needsDrain(m) && !traffic.known(m.Pod):
				moved = true // a later turn asks it
			case v.Result == verify.Wait:
				waiting = v
			default:
				made, err := t.move(ctx, s, p.wl, m)
				if err != nil {
					return "", err
				}
				if moved = moved || made; !made {
					waiting = conflictVerdict(s, m)
				}
			}
		}
		switch {
		case waiting.Result == verify.Pass:
			t.stopWaiting(s)
		case !waitsForConnections(p.wl, waiting) && t.overdue(s):
			return t.fail(ctx, s, waiting)
		default:
			t.report(Event{Kind: Waiting, Step: &s, Verdict: &waiting})
		}
	}
	return t.saveAndSleepUnless(ctx, moved)
}

// waitsForConnections reports whether a gateway's connections are waited for, which
// has a limit of its own: step.Target.ParkMax.
func waitsForConnections(wl mesh.Workload, v verify.Verdict) bool {
	return wl.Gateway && v.Check == verify.ParkedPodIdle.Name
}

// deleteVerdict reports whether a move may be made: a pod is deleted only once its
// proxy reports no traffic, a gateway's no open connection. A pod without a running
// proxy cannot report it and only has to be parked for its time.
func (t *turn) deleteVerdict(s step.Step, wl mesh.Workload, m swap.Action, traffic trafficReport) verify.Verdict {
	f := verify.Facts{Workload: wl}
	switch {
	case m.Kind == swap.Wait && m.Pod.Name != "":
		f.Pending = m.Reason
		return verify.ParkedPodDeleted.On(string(s.Subject), f)
	case m.Kind == swap.Wait:
		f.Pending = m.Reason
		return verify.ReplacementServes.On(string(s.Subject), f)
	case needsDrain(m) && traffic[m.Pod.UID] != "":
		f.Pending = fmt.Sprintf("pod %s is still in use: %s", m.Pod.Name, traffic[m.Pod.UID])
		if wl.Gateway {
			latest := m.Pod.Swap.ParkedAt.Add(t.target.ParkMax).In(t.Clock.Now().Location())
			f.Pending += fmt.Sprintf(" (it is deleted at %s at the latest)", latest.Format(time.DateTime))
		}
	}
	return verify.ParkedPodIdle.On(string(s.Subject), f)
}
