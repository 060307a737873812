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
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// replace evicts pods, of as many of the wave's workloads as the limit allows: one
// at a time of each, and the next once the one before is back and as it should be.
func (t *turn) replace(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	underway, outcome, err := t.underway(ctx, stage)
	if outcome != "" || err != nil {
		return outcome, err
	}
	var evictions []step.Step
	for _, s := range stage.Steps[:min(t.free(underway), len(stage.Steps))] {
		if v := t.injectable(s); v.Result != verify.Pass {
			return t.fail(ctx, s, v)
		}
		wl, _ := t.world.Workload(s.Subject)
		if s.TemplateLabelPending(wl) {
			return t.act(ctx, []step.Step{s})
		}
		next, first := strategy.NextEviction(wl, s.To)
		if lack := t.world.Shortage(wl, 0); lack != "" && first == "" {
			first = "no pod of it could be made anew: " + lack
		}
		if first != "" {
			if outcome, err := t.holdUp(ctx, s, wl, first); outcome != "" || err != nil {
				return outcome, err
			}
			continue
		}
		t.ledger.NoteEviction(wl, s.To, next)
		evictions = append(evictions, step.Step{Kind: step.EvictStuckPod, Wave: s.Wave, Subject: s.Subject, From: next.Name + " " + next.UID, To: s.To})
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	for _, s := range evictions {
		if outcome, err := t.evictOne(ctx, s); outcome != "" || err != nil {
			return outcome, err
		}
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// evictOne ends one pod. A disruption budget may refuse it for as long as a pod
// may take; then the run stops, with the API server's words, which name the budget.
func (t *turn) evictOne(ctx context.Context, s step.Step) (Outcome, error) {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	err = t.write(ctx, changes)
	switch {
	case errors.Is(err, ErrConflict):
		wl, _ := t.world.Workload(s.Subject)
		return t.holdUp(ctx, s, wl, err.Error())
	case err != nil:
		return "", unwritten{s, err}
	}
	t.tell(Event{Kind: Acted, Step: &s})
	return "", nil
}

// holdUp notes what the next eviction waits for. Each pod has the whole time that a
// workload has: it begins anew with every pod that is where it should be.
func (t *turn) holdUp(ctx context.Context, s step.Step, wl mesh.Workload, reason string) (Outcome, error) {
	v := verify.Verdict{Check: verify.RolloutDone.Name, Subject: s.Subject, Result: verify.Wait, Reason: reason,
		Hint: "Look at what is named above: a pod's events and logs, or a disruption budget (`kubectl get pdb`) that allows no more. The pods that have moved stay; run the same command again to go on."}
	moved := 0
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == s.To {
			moved++
		}
	}
	clock := step.Step{Kind: step.EvictPods, Wave: s.Wave, Subject: s.Subject, To: fmt.Sprintf("%s, %d moved", s.To, moved)}
	maps.DeleteFunc(t.ledger.Waiting, func(key string, _ time.Time) bool {
		return strings.HasPrefix(key, fmt.Sprintf("%s %d %s ", step.EvictPods, s.Wave, s.Subject)) && key != waitKey(clock)
	})
	if t.overdue(clock) {
		return t.fail(ctx, s, v)
	}
	t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", t.save(ctx)
}
