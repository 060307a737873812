// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// retire ends what a swap has kept, pod by pod as each grows quiet, and takes the
// rest of it away.
func (t *turn) retire(ctx context.Context, s plan.Stage) (Outcome, error) {
	next := make([]retirement, len(s.Steps))
	for i, step := range s.Steps {
		wl, _ := t.world.Workload(step.Subject)
		next[i] = retirement{step, wl, plan.NextRetirements(wl, t.target, t.Clock.Now())}
	}
	heard, moved := t.listen(ctx, next), false
	for _, r := range next {
		step, wl, waiting := r.step, r.wl, verify.Verdict{Result: verify.Pass}
		for _, m := range r.moves {
			switch v := retirable(step, wl, m, heard); {
			case m.Kind == plan.Rest:
			case asked(m) && !heard.of(m.Pod):
				moved = true // it is its turn at another look
			case v.Result == verify.Wait:
				waiting = v
			default:
				made, err := t.move(ctx, step, wl, m)
				if err != nil {
					return "", err
				}
				if moved = moved || made; !made {
					waiting = disturbed(step, m)
				}
			}
		}
		switch {
		case waiting.Result == verify.Pass:
			t.waited(step)
		case t.overdue(step):
			return t.fail(ctx, step, waiting)
		default:
			t.tell(Event{Kind: Waiting, Step: &step, Verdict: &waiting})
		}
	}
	return t.paused(ctx, moved)
}

// retirement is what a look has to do next to one workload.
type retirement struct {
	step  plan.Step
	wl    mesh.Workload
	moves []plan.Move
}

// retirable judges whether a move may be made: a pod is ended only once its proxy
// says that nothing goes through it any more. One that has none, or that does not
// run, cannot say: then its time must do.
func retirable(step plan.Step, wl mesh.Workload, m plan.Move, heard hearing) verify.Verdict {
	f := verify.Facts{}
	switch {
	case m.Kind == plan.Await && m.Pod.Name != "":
		f.Pending = m.Why
		return verify.ParkedPodDeleted.On(step.Subject, f)
	case m.Kind == plan.Await:
		f.Pending = m.Why
		return verify.ReplacementServes.On(step.Subject, f)
	case asked(m) && heard[m.Pod.UID] != "":
		f.Pending = fmt.Sprintf("pod %s to be quiet: %s", m.Pod.Name, heard[m.Pod.UID])
	}
	return verify.ParkedPodIdle.On(step.Subject, f)
}
