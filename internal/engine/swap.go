// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// swap takes as many workloads of the wave as the limit allows one move further:
// those first that are under way already.
func (t *turn) swap(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	steps := slices.Clone(s.Steps)
	slices.SortStableFunc(steps, func(a, b plan.Step) int { return cmp.Compare(t.begun(b), t.begun(a)) })
	moved := false
	for _, step := range steps[:min(len(steps), cmp.Or(t.intent.Parallel, defaultParallel))] {
		wl, _ := t.world.Workload(step.Subject)
		m := plan.NextMove(wl, t.target)
		if m.Wrong && t.ledger.Misled(wl, step.To) {
			m.Kind = plan.Await
		}
		switch v := t.movable(step, wl, m); {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(step):
			return t.fail(ctx, step, v)
		case v.Result == verify.Wait:
			t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
			continue
		}
		if m.Wrong {
			t.ledger.NoteMisled(wl, step.To, m.Pod)
		}
		switch made, err := t.move(ctx, step, wl, m); {
		case err != nil:
			return "", err
		case made:
			t.waited(step) // each pod has its whole time
			moved = true
		case t.overdue(step):
			return t.fail(ctx, step, disturbed(step, m))
		}
	}
	return t.paused(ctx, moved)
}

// begun is 1 for a workload that has pods out of its ReplicaSet.
func (t *turn) begun(step plan.Step) int {
	wl, _ := t.world.Workload(step.Subject)
	if slices.ContainsFunc(wl.Kept(), func(p mesh.Pod) bool { return p.Swap.Place == mesh.Released }) {
		return 1
	}
	return 0
}

// movable judges whether a move may be made: a pod leaves the Services only for
// ones that are proven by the wire, and its ReplicaSet only when the live webhooks
// would give another what it should have. What is made needs room.
func (t *turn) movable(step plan.Step, wl mesh.Workload, m plan.Move) verify.Verdict {
	f := t.workload(step)
	f.Workload.Pods = slices.DeleteFunc(wl.Own(), func(p mesh.Pod) bool { return p.Sidecar.Revision != step.To })
	switch m.Kind {
	case plan.Await:
		f.Pending = m.Why
		if m.Wrong {
			return verify.ReplacementRevision.On(step.Subject, f)
		}
		if v := verify.Worst(verify.Judge(verify.ReplacementPod, step.Subject, f)); v.Result == verify.Fail {
			return v // a proxy that refuses its configuration never gets ready: say so
		}
		return verify.Worst(verify.Judge(verify.ReplacementPod[:1], step.Subject, f))
	case plan.MakeKeeper:
		f.Workload, f.ExtraServices = wl, 1
		return verify.Worst(verify.Judge(verify.SurgeCapacity, step.Subject, f))
	case plan.Release:
		if v := t.injectable(step); v.Result != verify.Pass {
			return v
		}
		f.Workload, f.ExtraPods = wl, 1
		return verify.Worst(verify.Judge(verify.SurgeCapacity, step.Subject, f))
	case plan.Park:
		return verify.Worst(verify.Judge(verify.ReplacementPod, step.Subject, f))
	}
	return verify.Verdict{Result: verify.Pass}
}

// move carries out one move, and reports whether it could. What other hands made
// of its pods meanwhile shows at the next look.
func (t *turn) move(ctx context.Context, step plan.Step, wl mesh.Workload, m plan.Move) (bool, error) {
	if err := t.save(ctx); err != nil {
		return false, err
	}
	changes, err := plan.RenderMove(m, wl, t.target, t.Clock.Now())
	if err != nil {
		return false, err
	}
	t.tell(Event{Kind: Acting, Step: &step, Move: &m})
	if err = t.parkable(ctx, wl, m); err == nil {
		err = t.write(ctx, changes)
	}
	switch {
	case errors.Is(err, ErrDisturbed):
		return false, nil
	case err != nil:
		return false, unwritten{step, fmt.Errorf("%s: %w", m.Kind, err)}
	}
	t.tell(Event{Kind: Acted, Step: &step, Move: &m})
	return true, nil
}

// parkable asks the API server, before a workload's first pod is released, whether
// that pod might be parked later: an admission policy that wants the labels which
// parking takes away would bar the way forth and the way back.
func (t *turn) parkable(ctx context.Context, wl mesh.Workload, m plan.Move) error {
	if m.Kind != plan.Release || len(wl.Kept()) > 0 {
		return nil
	}
	changes, err := plan.RenderMove(plan.Move{Kind: plan.Park, Pod: m.Pod}, wl, t.target, t.Clock.Now())
	if err != nil {
		return err
	}
	for i := range changes {
		changes[i].DryRun = true
	}
	if err := t.write(ctx, changes); err != nil {
		return fmt.Errorf("it could not be parked later: %w", err)
	}
	return nil
}

// disturbed is what is said of a move that other hands were quicker than each
// time.
func disturbed(step plan.Step, m plan.Move) verify.Verdict {
	f := verify.Facts{Pending: fmt.Sprintf("to %s pod %s: it is not as it was seen, each time that it is tried", m.Kind, cmp.Or(m.Pod.Name, m.Other.Name))}
	return verify.ReplacementServes.On(step.Subject, f)
}

// paused lets some time pass where nothing could be done.
func (t *turn) paused(ctx context.Context, moved bool) (Outcome, error) {
	if err := t.save(ctx); err != nil || moved {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}
