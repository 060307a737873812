// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// replace evicts pods, of as many of the wave's workloads as the limit allows: one
// at a time of each, and the next once the one before is back and as it should be.
func (t *turn) replace(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	underway, outcome, err := t.underway(ctx, s)
	if outcome != "" || err != nil {
		return outcome, err
	}
	var evictions []plan.Step
	for _, step := range s.Steps[:min(t.free(underway), len(s.Steps))] {
		if v := t.injectable(step); v.Result != verify.Pass {
			return t.fail(ctx, step, v)
		}
		wl, _ := t.world.Workload(step.Subject)
		if step.Unlabelled(wl) {
			return t.act(ctx, []plan.Step{step})
		}
		next, first := plan.NextEviction(wl, step.To)
		if lack := t.world.Lacks(wl, 0); lack != "" && first == "" {
			first = "no pod of it could be made anew: " + lack
		}
		if first != "" {
			if outcome, err := t.holdUp(ctx, step, wl, first); outcome != "" || err != nil {
				return outcome, err
			}
			continue
		}
		t.ledger.NoteEviction(wl, step.To, next)
		evictions = append(evictions, plan.Step{Kind: plan.Evict, Wave: step.Wave, Subject: step.Subject, From: next.Name + " " + next.UID, To: step.To})
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	for _, step := range evictions {
		if outcome, err := t.evictOne(ctx, step); outcome != "" || err != nil {
			return outcome, err
		}
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// evictOne ends one pod. A disruption budget may refuse it for as long as a pod
// may take; then the run stops, with the API server's words, which name the budget.
func (t *turn) evictOne(ctx context.Context, step plan.Step) (Outcome, error) {
	changes, err := plan.Render(step, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	err = t.write(ctx, changes)
	switch {
	case errors.Is(err, ErrDisturbed):
		wl, _ := t.world.Workload(step.Subject)
		return t.holdUp(ctx, step, wl, err.Error())
	case err != nil:
		return "", unwritten{step, err}
	}
	t.tell(Event{Kind: Acted, Step: &step})
	return "", nil
}

// holdUp notes what the next eviction waits for. Each pod has the whole time that a
// workload has: it begins anew with every pod that is where it should be.
func (t *turn) holdUp(ctx context.Context, step plan.Step, wl mesh.Workload, reason string) (Outcome, error) {
	v := verify.Verdict{Check: verify.RolloutDone.Name, Subject: step.Subject, Result: verify.Wait, Reason: reason,
		Hint: "Look at what is named above: a pod's events and logs, or a disruption budget (`kubectl get pdb`) that allows no more. The pods that have moved stay; run the same command again to go on."}
	moved := 0
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == step.To {
			moved++
		}
	}
	clock := plan.Step{Kind: plan.Replace, Wave: step.Wave, Subject: step.Subject, To: fmt.Sprintf("%s, %d moved", step.To, moved)}
	maps.DeleteFunc(t.ledger.Waiting, func(key string, _ time.Time) bool {
		return strings.HasPrefix(key, fmt.Sprintf("%s %d %s ", plan.Replace, step.Wave, step.Subject)) && key != waitKey(clock)
	})
	if t.overdue(clock) {
		return t.fail(ctx, step, v)
	}
	t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	return "", t.save(ctx)
}
