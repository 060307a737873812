// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// swap takes as many workloads of the wave as the limit allows one move further:
// those first that are under way already.
func (t *turn) swap(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	steps := slices.Clone(stage.Steps)
	slices.SortStableFunc(steps, func(a, b step.Step) int { return cmp.Compare(t.begun(b), t.begun(a)) })
	moved := false
	for _, s := range steps[:min(len(steps), cmp.Or(t.intent.Parallel, defaultParallel))] {
		wl, _ := t.world.Workload(s.Subject)
		m := swap.NextAction(wl, t.target)
		if m.Wrong && t.ledger.MisledTooOften(wl, s.To) {
			m.Kind = swap.Wait
		}
		switch v := t.movable(s, wl, m); {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(s):
			return t.fail(ctx, s, v)
		case v.Result == verify.Wait:
			t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
			continue
		}
		if m.Wrong {
			t.ledger.NoteWrongReplacement(wl, s.To, m.Pod)
		}
		switch made, err := t.move(ctx, s, wl, m); {
		case err != nil:
			return "", err
		case made:
			t.waited(s) // each pod has its whole time
			moved = true
		case t.overdue(s):
			return t.fail(ctx, s, disturbed(s, m))
		}
	}
	return t.paused(ctx, moved)
}

// begun is 1 for a workload that has pods out of its ReplicaSet.
func (t *turn) begun(s step.Step) int {
	wl, _ := t.world.Workload(s.Subject)
	if slices.ContainsFunc(wl.DetachedPods(), func(p mesh.Pod) bool { return p.Swap.Place == mesh.Detached }) {
		return 1
	}
	return 0
}

// movable judges whether a move may be made: a pod leaves the Services only for
// ones that are proven by the wire, and its ReplicaSet only when the live webhooks
// would give another what it should have. What is made needs room.
func (t *turn) movable(s step.Step, wl mesh.Workload, m swap.Action) verify.Verdict {
	f := t.workload(s)
	f.Workload.Pods = slices.DeleteFunc(wl.AttachedPods(), func(p mesh.Pod) bool { return p.Sidecar.Revision != s.To })
	switch m.Kind {
	case swap.Wait:
		f.Pending = m.Reason
		if m.Wrong {
			return verify.ReplacementRevision.On(s.Subject, f)
		}
		if v := verify.Worst(verify.Evaluate(verify.ReplacementPod, s.Subject, f)); v.Result == verify.Fail {
			return v // a proxy that refuses its configuration never gets ready: say so
		}
		return verify.Worst(verify.Evaluate(verify.ReplacementPod[:1], s.Subject, f))
	case swap.CreateKeeper:
		f.Workload, f.ExtraServices = wl, 1
		return verify.Worst(verify.Evaluate(verify.SurgeCapacity, s.Subject, f))
	case swap.Detach:
		if v := t.injectable(s); v.Result != verify.Pass {
			return v
		}
		f.Workload, f.ExtraPods = wl, 1
		return verify.Worst(verify.Evaluate(verify.SurgeCapacity, s.Subject, f))
	case swap.Park:
		return verify.Worst(verify.Evaluate(verify.ReplacementPod, s.Subject, f))
	}
	return verify.Verdict{Result: verify.Pass}
}

// move carries out one move, and reports whether it could. What other hands made
// of its pods meanwhile shows at the next look.
func (t *turn) move(ctx context.Context, s step.Step, wl mesh.Workload, m swap.Action) (bool, error) {
	if err := t.save(ctx); err != nil {
		return false, err
	}
	changes, err := swap.Render(m, wl, t.target, t.Clock.Now())
	if err != nil {
		return false, err
	}
	t.tell(Event{Kind: Acting, Step: &s, Move: &m})
	if err = t.parkable(ctx, wl, m); err == nil {
		err = t.write(ctx, changes)
	}
	switch {
	case errors.Is(err, ErrConflict):
		return false, nil
	case err != nil:
		return false, unwritten{s, fmt.Errorf("%s: %w", m.Kind, err)}
	}
	t.tell(Event{Kind: Acted, Step: &s, Move: &m})
	return true, nil
}

// parkable asks the API server, before a workload's first pod is released, whether
// that pod might be parked later: an admission policy that wants the labels which
// parking takes away would bar the way forth and the way back.
func (t *turn) parkable(ctx context.Context, wl mesh.Workload, m swap.Action) error {
	if m.Kind != swap.Detach || len(wl.DetachedPods()) > 0 {
		return nil
	}
	changes, err := swap.Render(swap.Action{Kind: swap.Park, Pod: m.Pod}, wl, t.target, t.Clock.Now())
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
func disturbed(s step.Step, m swap.Action) verify.Verdict {
	f := verify.Facts{Pending: fmt.Sprintf("to %s pod %s: it is not as it was seen, each time that it is tried", m.Kind, cmp.Or(m.Pod.Name, m.Other.Name))}
	return verify.ReplacementServes.On(s.Subject, f)
}

// paused lets some time pass where nothing could be done.
func (t *turn) paused(ctx context.Context, moved bool) (Outcome, error) {
	if err := t.save(ctx); err != nil || moved {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}
