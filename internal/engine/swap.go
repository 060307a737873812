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

// swap makes the next move of as many workloads of the wave as the limit allows,
// first of those whose swap is in progress.
func (t *turn) swap(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	moved := false
	for _, s := range t.inProgressFirst(stage.Steps)[:min(len(stage.Steps), t.parallel())] {
		wl, _ := t.world.Workload(s.Workload())
		m := swap.NextAction(wl, t.target)
		if m.Wrong && t.ledger.TooManyWrongReplacements(wl, s.To) {
			m.Kind = swap.Wait
		}
		if m.Kind == swap.AwaitCommit {
			if outcome, err := t.waitForCommit(ctx, s, m.Reason); outcome != "" || err != nil {
				return outcome, err
			}
			continue
		}
		switch v := t.moveVerdict(ctx, s, wl, m); {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(s):
			return t.fail(ctx, s, v)
		case v.Result == verify.Wait:
			t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
			continue
		}
		if m.Wrong {
			t.ledger.NoteWrongReplacement(wl, s.To, m.Pod)
		}
		switch made, err := t.move(ctx, s, wl, m); {
		case err != nil:
			return "", err
		case made:
			t.stopWaiting(s) // each pod has its full time
			moved = true
		case t.overdue(s):
			return t.fail(ctx, s, conflictVerdict(s, m))
		}
	}
	return t.saveAndSleepUnless(ctx, moved)
}

// inProgressFirst returns the steps, first those of workloads with detached pods.
func (t *turn) inProgressFirst(steps []step.Step) []step.Step {
	var begun, others []step.Step
	for _, s := range steps {
		wl, _ := t.world.Workload(s.Workload())
		if slices.ContainsFunc(wl.DetachedPods(), func(p mesh.Pod) bool { return p.Swap.Place == mesh.Detached }) {
			begun = append(begun, s)
		} else {
			others = append(others, s)
		}
	}
	return slices.Concat(begun, others)
}

// moveVerdict reports whether a move may be made. A pod leaves the Services only
// once its replacements pass the checks, and its ReplicaSet only if the webhooks
// would inject the wanted revision into another pod. New pods and Services need
// capacity.
func (t *turn) moveVerdict(ctx context.Context, s step.Step, wl mesh.Workload, m swap.Action) verify.Verdict {
	f := t.workloadFacts(s)
	f.Workload.Pods = slices.DeleteFunc(wl.AttachedPods(), func(p mesh.Pod) bool { return p.Sidecar.Revision != s.To })
	switch m.Kind {
	case swap.Wait:
		f.Pending = m.Reason
		if m.Wrong {
			return verify.ReplacementRevision.On(string(s.Subject), f)
		}
		if v := verify.Worst(verify.Evaluate(verify.ReplacementPod, string(s.Subject), f)); v.Result == verify.Fail {
			return v // a proxy that rejects its configuration never becomes ready
		}
		return verify.ReplacementServes.On(string(s.Subject), f)
	case swap.CreateKeeper:
		f.Workload, f.ExtraServices = wl, 1
		return verify.Worst(verify.Evaluate(verify.SurgeCapacity, string(s.Subject), f))
	case swap.Detach:
		if v := t.injectorVerdict(s); v.Result != verify.Pass {
			return v
		}
		f.Workload, f.ExtraPods = wl, 1
		return verify.Worst(verify.Evaluate(verify.SurgeCapacity, string(s.Subject), f))
	case swap.Hold:
		if v := t.injectorVerdict(s); v.Result != verify.Pass && !wl.Prerendered() {
			return v
		}
		f.Workload, f.ExtraPods = wl, wl.Replicas
		return verify.Worst(verify.Evaluate(verify.SurgeCapacity, string(s.Subject), f))
	case swap.Park:
		return t.replacementVerdict(ctx, s, f, wl, m.Pod)
	case swap.Release:
		return t.replacementVerdict(ctx, s, f, wl, m.Pods...)
	}
	return verify.Verdict{Result: verify.Pass}
}

// replacementVerdict reports whether the pods that replace others may serve alone: they
// pass the checks, and of a gateway the newest has the configuration of one of the others.
func (t *turn) replacementVerdict(ctx context.Context, s step.Step, f verify.Facts, wl mesh.Workload, others ...mesh.Pod) verify.Verdict {
	v := verify.Worst(verify.Evaluate(verify.ReplacementPod, string(s.Subject), f))
	ready := slices.IndexFunc(others, func(p mesh.Pod) bool { return p.Ready })
	if v.Result != verify.Pass || !wl.Gateway || t.target.Rollback || ready < 0 {
		return v
	}
	newest := slices.MaxFunc(f.Workload.Pods, func(a, b mesh.Pod) int { return a.Created.Compare(b.Created) })
	t.askConfigurations(ctx, &f, wl.Namespace, newest.Name, others[ready].Name)
	return verify.GatewayConfiguration.On(string(s.Subject), f)
}

// waitForCommit waits until a GitOps tool has written a template, while its rollout is
// held. It holds the run after the ready timeout.
func (t *turn) waitForCommit(ctx context.Context, s step.Step, reason string) (Outcome, error) {
	v := verify.Verdict{
		Check: verify.LabelCommitted, Subject: string(s.Subject), Result: verify.Wait, Reason: reason,
		Hint: "Commit it and let the tool apply it. The rollout is held: no pod ends meanwhile. Then run the same command again.",
	}
	if t.overdue(s) {
		return t.hold(ctx, step.Hold{Reason: step.ReasonForCommit, Subject: string(s.Subject), Wave: s.Wave, Message: v.Reason, Hint: v.Hint})
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", nil
}

// move carries out one move and reports whether it could. If another tool changed
// the pods meanwhile, the next observation shows it.
func (t *turn) move(ctx context.Context, s step.Step, wl mesh.Workload, m swap.Action) (bool, error) {
	if err := t.save(ctx); err != nil {
		return false, err
	}
	changes, err := swap.Render(m, wl, t.target, t.Clock.Now())
	if err != nil {
		return false, err
	}
	t.report(Event{Kind: Acting, Step: &s, Move: &m})
	if err = t.dryRunParking(ctx, wl, m); err == nil {
		err = t.write(ctx, changes)
	}
	switch {
	case errors.Is(err, ErrConflict):
		return false, nil
	case err != nil:
		return false, writeError{s, fmt.Errorf("%s: %w", m.Kind, err)}
	}
	t.report(Event{Kind: Acted, Step: &s, Move: &m})
	return true, nil
}

// dryRunParking asks the API server, before a workload's first pod is detached,
// whether that pod could be parked later. An admission policy that requires the
// labels which parking removes would block both the upgrade and the rollback.
func (t *turn) dryRunParking(ctx context.Context, wl mesh.Workload, m swap.Action) error {
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

// conflictVerdict is the verdict of a move that found its pod changed each time.
func conflictVerdict(s step.Step, m swap.Action) verify.Verdict {
	pod := cmp.Or(m.Pod.Name, m.Other.Name)
	return verify.ReplacementServes.On(string(s.Subject), verify.Facts{
		Pending: fmt.Sprintf("%s pod %s: the pod was changed between reading and writing, each time", m.Kind, pod),
	})
}

// saveAndSleepUnless records the ledger. It lets some time pass if nothing could be done.
func (t *turn) saveAndSleepUnless(ctx context.Context, moved bool) (Outcome, error) {
	if moved {
		return "", t.save(ctx)
	}
	return t.saveAndSleep(ctx)
}
