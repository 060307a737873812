// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// defaultParallel is how many workloads move at the same time unless the intent says otherwise.
const defaultParallel = 4

// maxRestartPause is the longest pause between repeated restarts, as a multiple of Engine.Poll.
const maxRestartPause = 30

// What a restart waits for beside its verdict, each with a time of its own.
const (
	forCapacity    = "capacity"
	forPersistence = "persistence of its restart annotation"
)

// restart starts as many of the wave's restarts as the limit allows beside those
// that are in progress. It stops the run at the first of these that fails.
func (t *turn) restart(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	moving, outcome, err := t.countMoving(ctx, stage)
	if outcome != "" || err != nil {
		return outcome, err
	}
	steps, outcome, err := t.withCapacity(ctx, stage.Steps)
	if outcome != "" || err != nil {
		return outcome, err
	}
	batch := steps[:min(max(t.parallel()-moving, 0), len(steps))]
	if len(batch) == 0 {
		return t.saveAndSleep(ctx)
	}
	var longest time.Duration
	for _, s := range batch {
		if v := t.injectorVerdict(s); v.Result != verify.Pass {
			return t.fail(ctx, s, v)
		}
		wl, _ := t.world.Workload(s.Workload())
		pause, overdue := t.restartPause(s, wl)
		if overdue {
			return t.hold(ctx, notPersistentHold(s, t.readyTimeout(), mesh.FieldManager{}))
		}
		longest = max(longest, pause)
		t.ledger.NoteRestart(wl, s.To)
	}
	if outcome, err := t.act(ctx, batch); outcome != "" || err != nil || longest == 0 {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, longest)
}

// restartPause returns how long to pause after another restart from the same
// template: the restart annotation was not written, or was removed before a pod was
// created from it. Such restarts gain nothing, so the pauses grow, and they are
// overdue after the ready timeout.
func (t *turn) restartPause(s step.Step, wl mesh.Workload) (pause time.Duration, overdue bool) {
	persistence := waitFor(s, forPersistence)
	if !t.ledger.RestartedFrom(wl, s.To) {
		t.stopWaiting(persistence)
		return 0, false
	}
	overdue = t.overdue(persistence)
	waited := t.Clock.Now().Sub(t.ledger.Waiting[persistence.WaitKey()])
	return min(max(waited, t.Poll), maxRestartPause*t.Poll), overdue
}

// withCapacity returns the restarts that quota and nodes have capacity for. The
// others wait, so that no rollout starts that cannot finish, and stop the run if
// they wait too long.
func (t *turn) withCapacity(ctx context.Context, steps []step.Step) ([]step.Step, Outcome, error) {
	var fit []step.Step
	for _, s := range steps {
		facts := t.workloadFacts(s)
		if s.Field == "" {
			facts.ExtraPods = facts.Workload.Surge
		}
		if strategy.RestoresLabelOnly(s, facts.Workload) {
			fit = append(fit, s)
			continue
		}
		v := verify.Worst(verify.Evaluate(verify.SurgeCapacity, string(s.Subject), facts))
		capacity := waitFor(s, forCapacity)
		switch {
		case v.Result == verify.Pass:
			t.stopWaiting(capacity)
			fit = append(fit, s)
		case t.overdue(capacity):
			outcome, err := t.fail(ctx, s, v)
			return nil, outcome, err
		default:
			t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
		}
	}
	return fit, "", nil
}

// countMoving counts the workloads of the wave that have begun to move and don't
// pass the checks yet. It stops the run at the first that fails or is overdue.
func (t *turn) countMoving(ctx context.Context, stage step.Stage) (int, Outcome, error) {
	n := 0
	for _, s := range t.stepsOf(step.Verify, stage.Wave) {
		if t.isLeft(stage.Kind, s.Wave, s.Subject) || t.isLeft(step.Swap, s.Wave, s.Subject) ||
			t.isLeft(step.EvictPods, s.Wave, s.Subject) {
			continue
		}
		v := t.rolloutVerdict(s)
		switch {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(s):
			outcome, err := t.fail(ctx, s, v)
			return n, outcome, err
		case v.Result == verify.Wait:
			n++
			t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
		default:
			t.stopWaiting(s)
		}
	}
	return n, "", nil
}

// injectorVerdict fails if, just before a restart, the webhooks would not inject the
// wanted revision into the workload's next pod.
func (t *turn) injectorVerdict(s step.Step) verify.Verdict {
	wl, _ := t.world.Workload(s.Workload())
	ns, _ := t.world.Namespace(wl.Namespace)
	injectors := t.world.Injectors(ns, s.TemplateAfter(wl.Template))
	if slices.Equal(injectors, []string{s.To}) {
		return verify.Verdict{Result: verify.Pass}
	}
	found := "no webhook"
	if len(injectors) > 0 {
		found = strings.Join(injectors, " and ")
	}
	return verify.Verdict{
		Check:   verify.SidecarRevision.Name,
		Subject: string(s.Subject),
		Result:  verify.Fail,
		Reason:  fmt.Sprintf("it was not restarted: %s would inject its next pod, not %s", found, s.To),
		Hint: "Compare the labels of the namespace and of the pod template " +
			"with the selectors of `kubectl get mutatingwebhookconfigurations -o yaml`.",
	}
}
