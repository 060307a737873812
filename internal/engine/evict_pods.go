// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// evictPods evicts pods of as many of the wave's workloads as the limit allows: of
// each one pod at a time, and the next once its replacement passes.
func (t *turn) evictPods(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	moving, outcome, err := t.countMoving(ctx, stage)
	if outcome != "" || err != nil {
		return outcome, err
	}
	var evictions []step.Step
	for _, s := range stage.Steps[:min(max(t.parallel()-moving, 0), len(stage.Steps))] {
		if v := t.injectorVerdict(s); v.Result != verify.Pass {
			return t.fail(ctx, s, v)
		}
		wl, _ := t.world.Workload(s.Workload())
		if s.TemplateLabelPending(wl) {
			return t.act(ctx, []step.Step{s})
		}
		next, reason := strategy.NextEviction(wl, s.To)
		if lack := t.world.Shortage(wl, 0); lack != "" && reason == "" {
			reason = "no replacement pod could be created: " + lack
		}
		if reason != "" {
			if outcome, err := t.waitForEviction(ctx, s, wl, reason); outcome != "" || err != nil {
				return outcome, err
			}
			continue
		}
		t.ledger.NoteEviction(wl, s.To, next)
		evictions = append(evictions, step.Step{
			Kind:    step.EvictStuckPod,
			Wave:    s.Wave,
			Subject: s.Subject,
			From:    next.Name + " " + next.UID,
			To:      s.To,
		})
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	for _, s := range evictions {
		if outcome, err := t.evictPod(ctx, s); outcome != "" || err != nil {
			return outcome, err
		}
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// evictPod evicts one pod. A disruption budget may refuse it until the ready
// timeout; the run then stops with the API server's message, which names the budget.
func (t *turn) evictPod(ctx context.Context, s step.Step) (Outcome, error) {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	err = t.write(ctx, changes)
	switch {
	case errors.Is(err, ErrConflict):
		wl, _ := t.world.Workload(s.Workload())
		return t.waitForEviction(ctx, s, wl, err.Error())
	case err != nil:
		return "", writeError{s, err}
	}
	t.report(Event{Kind: Acted, Step: &s})
	return "", nil
}

// waitForEviction notes why the next eviction waits. Its time starts again with
// every pod that has moved.
func (t *turn) waitForEviction(ctx context.Context, s step.Step, wl mesh.Workload, reason string) (Outcome, error) {
	moved := 0
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == s.To {
			moved++
		}
	}
	all := step.Step{Kind: step.EvictPods, Wave: s.Wave, Subject: s.Subject, To: s.To} // s may be one eviction
	clock := waitFor(all, fmt.Sprintf("%d moved", moved))
	maps.DeleteFunc(t.ledger.Waiting, func(k step.WaitKey, _ time.Time) bool {
		return k.Kind == all.Kind && k.Wave == all.Wave && k.Subject == all.Subject && k != clock.WaitKey()
	})
	v := verify.Verdict{
		Check:   verify.RolloutDone.Name,
		Subject: string(s.Subject),
		Result:  verify.Wait,
		Reason:  reason,
		Hint: "Look at what is named above: the events and logs of a pod, or a disruption budget that allows no eviction " +
			"(`kubectl get pdb -n " + s.Workload().Namespace() + "`). " +
			"The pods that have moved stay. Run the same command again to continue.",
	}
	if t.overdue(clock) {
		return t.fail(ctx, s, v)
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", t.save(ctx)
}
