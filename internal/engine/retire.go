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
	moved := false
	for _, step := range s.Steps {
		wl, _ := t.world.Workload(step.Subject)
		waiting := verify.Verdict{Result: verify.Pass}
		for _, m := range plan.NextRetirements(wl, t.target, t.Clock.Now()) {
			switch v := t.retirable(ctx, step, wl, m); {
			case m.Kind == plan.Rest:
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

// retirable judges whether a move may be made: a pod is ended only once its proxy
// says that nothing goes through it any more. One that has none, or that does not
// run, cannot say: then its time must do.
func (t *turn) retirable(ctx context.Context, step plan.Step, wl mesh.Workload, m plan.Move) verify.Verdict {
	f := verify.Facts{}
	switch {
	case m.Kind == plan.Await && m.Pod.Name != "":
		f.Pending = m.Why
		return verify.Ended.On(step.Subject, f)
	case m.Kind == plan.Await:
		f.Pending = m.Why
		return verify.Replaced[0].On(step.Subject, f)
	case m.Kind == plan.EndKept && m.Pod.Running && m.Pod.Ready && m.Pod.Sidecar.Present:
		if says := t.loud(ctx, wl.Namespace, m.Pod.Name); says != "" {
			f.Pending = fmt.Sprintf("pod %s to be quiet: %s", m.Pod.Name, says)
		}
	}
	return verify.Retired.On(step.Subject, f)
}

// loud says what goes through a pod, or why nobody knows, "" for nothing. It asks
// twice: what is short may be under way at neither moment.
func (t *turn) loud(ctx context.Context, namespace, pod string) string {
	first, err := t.Observer.Traffic(ctx, namespace, pod)
	switch {
	case err != nil:
		return err.Error()
	case !first.Quiet:
		return first.Says
	}
	if err := t.Clock.Sleep(ctx, t.Poll); err != nil {
		return err.Error()
	}
	second, err := t.Observer.Traffic(ctx, namespace, pod)
	switch {
	case err != nil:
		return err.Error()
	case second.Quiet && second.Total != first.Total:
		return fmt.Sprintf("%d requests in all, and a moment later %d", first.Total, second.Total)
	case !second.Quiet:
		return second.Says
	}
	return ""
}
