// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// retire ends what a swap has kept, pod by pod as each grows quiet, and takes the
// rest of it away.
func (t *turn) retire(ctx context.Context, stage step.Stage) (Outcome, error) {
	next := make([]retirement, len(stage.Steps))
	for i, s := range stage.Steps {
		wl, _ := t.world.Workload(s.Subject)
		next[i] = retirement{s, wl, swap.NextDeletions(wl, t.target, t.Clock.Now())}
	}
	heard, moved := t.listen(ctx, next), false
	for _, r := range next {
		s, wl, waiting := r.step, r.wl, verify.Verdict{Result: verify.Pass}
		for _, m := range r.moves {
			switch v := retirable(s, wl, m, heard); {
			case m.Kind == swap.WaitUntil:
			case asked(m) && !heard.of(m.Pod):
				moved = true // it is its turn at another look
			case v.Result == verify.Wait:
				waiting = v
			default:
				made, err := t.move(ctx, s, wl, m)
				if err != nil {
					return "", err
				}
				if moved = moved || made; !made {
					waiting = disturbed(s, m)
				}
			}
		}
		switch {
		case waiting.Result == verify.Pass:
			t.waited(s)
		case t.overdue(s):
			return t.fail(ctx, s, waiting)
		default:
			t.tell(Event{Kind: Waiting, Step: &s, Verdict: &waiting})
		}
	}
	return t.paused(ctx, moved)
}

// retirement is what a look has to do next to one workload.
type retirement struct {
	step  step.Step
	wl    mesh.Workload
	moves []swap.Action
}

// retirable judges whether a move may be made: a pod is ended only once its proxy
// says that nothing goes through it any more. One that has none, or that does not
// run, cannot say: then its time must do.
func retirable(s step.Step, wl mesh.Workload, m swap.Action, heard hearing) verify.Verdict {
	f := verify.Facts{}
	switch {
	case m.Kind == swap.Wait && m.Pod.Name != "":
		f.Pending = m.Reason
		return verify.ParkedPodDeleted.On(s.Subject, f)
	case m.Kind == swap.Wait:
		f.Pending = m.Reason
		return verify.ReplacementServes.On(s.Subject, f)
	case asked(m) && heard[m.Pod.UID] != "":
		f.Pending = fmt.Sprintf("pod %s to be quiet: %s", m.Pod.Name, heard[m.Pod.UID])
	}
	return verify.ParkedPodIdle.On(s.Subject, f)
}
