// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
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

// defaultParallel is how many workloads restart at the same time when nobody says.
const defaultParallel = 4

// restart starts as many of the wave's restarts as the limit allows beside
// those that are under way, and stops at the first of these that fails.
func (t *turn) restart(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	underway, outcome, err := t.underway(ctx, stage)
	if outcome != "" || err != nil {
		return outcome, err
	}
	steps, outcome, err := t.roomy(ctx, stage.Steps)
	if outcome != "" || err != nil {
		return outcome, err
	}
	batch := steps[:min(t.free(underway), len(steps))]
	if len(batch) == 0 {
		if err := t.save(ctx); err != nil {
			return "", err
		}
		return "", t.Clock.Sleep(ctx, t.Poll)
	}
	var pause time.Duration
	for _, s := range batch {
		if v := t.injectable(s); v.Result != verify.Pass {
			return t.fail(ctx, s, v)
		}
		wl, _ := t.world.Workload(s.Subject)
		again, late := t.again(s, wl)
		if late {
			return t.hold(ctx, unkept(s, t.ready()))
		}
		pause = max(pause, again)
		t.ledger.NoteRestart(wl, s.To)
	}
	if outcome, err := t.act(ctx, batch); outcome != "" || err != nil || pause == 0 {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, pause)
}

// again is how long to pause after a restart from a template from which the workload
// was restarted before: the stamp did not arrive, or somebody took it back before a
// pod came of it. Each further one moves pods for nothing, so they come ever slower,
// and end when they have been tried for too long.
func (t *turn) again(s step.Step, wl mesh.Workload) (pause time.Duration, late bool) {
	clock := step.Step{Kind: step.Restart, Wave: s.Wave, Subject: s.Subject, To: s.To + ", stamped"}
	if !t.ledger.RestartedFrom(wl, s.To) {
		t.waited(clock)
		return 0, false
	}
	late = t.overdue(clock)
	tried := t.Clock.Now().Sub(t.ledger.Waiting[waitKey(clock)])
	return min(max(tried, t.Poll), 30*t.Poll), late
}

// free is how many more workloads may be on their way.
func (t *turn) free(underway int) int {
	return max(cmp.Or(t.intent.Parallel, defaultParallel)-underway, 0)
}

// roomy are the restarts for which there is room. The others wait, so that no
// rollout is begun that cannot end, and stop the run when that takes too long.
func (t *turn) roomy(ctx context.Context, steps []step.Step) ([]step.Step, Outcome, error) {
	var fit []step.Step
	for _, s := range steps {
		facts := t.workload(s)
		if facts.ExtraPods = facts.Workload.Surge; s.Field != "" {
			facts.ExtraPods = 0
		}
		if strategy.RestoresLabelOnly(s, facts.Workload) {
			fit = append(fit, s)
			continue
		}
		v := verify.Worst(verify.Evaluate(verify.SurgeCapacity, s.Subject, facts))
		clock := step.Step{Kind: step.Restart, Wave: s.Wave, Subject: s.Subject, To: s.To + ", room"}
		switch {
		case v.Result == verify.Pass:
			t.waited(clock)
			fit = append(fit, s)
		case t.overdue(clock):
			outcome, err := t.fail(ctx, s, v)
			return nil, outcome, err
		default:
			t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
		}
	}
	return fit, "", nil
}

// underway counts the workloads of the wave that were restarted and are not
// proven yet by what the cluster says.
func (t *turn) underway(ctx context.Context, stage step.Stage) (int, Outcome, error) {
	n := 0
	for _, s := range t.proofsOf(stage.Wave) {
		if slices.ContainsFunc(stage.Steps, func(r step.Step) bool { return r.Subject == s.Subject }) || t.yetTo(step.Swap, s) || t.yetTo(step.EvictPods, s) {
			continue
		}
		v := verify.Worst(verify.Evaluate(verify.WorkloadRollout, s.Subject, t.workload(s)))
		switch {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(s):
			outcome, err := t.fail(ctx, s, v)
			return n, outcome, err
		case v.Result == verify.Wait:
			n++
			t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
		default:
			t.waited(s)
		}
	}
	return n, "", nil
}

// yetTo reports whether a step of that kind is left for the subject of another.
func (t *turn) yetTo(kind step.Kind, s step.Step) bool {
	return slices.ContainsFunc(step.Flat(t.stages), func(s step.Step) bool {
		return s.Kind == kind && s.Wave == s.Wave && s.Subject == s.Subject
	})
}

func (t *turn) proofsOf(wave int) []step.Step {
	for _, stage := range t.stages {
		if stage.Wave == wave && stage.Kind == step.Verify {
			return stage.Steps
		}
	}
	return nil
}

// injectable looks, just before a restart, at what the live webhooks would do to
// the workload's next pod.
func (t *turn) injectable(s step.Step) verify.Verdict {
	wl, _ := t.world.Workload(s.Subject)
	ns, _ := t.world.Namespace(wl.Namespace)
	by := t.world.Injectors(ns, s.TemplateAfter(wl.Template))
	if slices.Equal(by, []string{s.To}) {
		return verify.Verdict{Result: verify.Pass}
	}
	found := "nobody"
	if len(by) > 0 {
		found = strings.Join(by, " and ")
	}
	return verify.Verdict{Check: verify.SidecarRevision.Name, Subject: s.Subject, Result: verify.Fail,
		Reason: fmt.Sprintf("it was not restarted: %s would inject its next pod, not %s", found, s.To),
		Hint:   "Compare the labels of the namespace and of the pod template with what `kubectl get mutatingwebhookconfigurations` selects."}
}
