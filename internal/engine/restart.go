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
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// defaultParallel is how many workloads restart at the same time when nobody says.
const defaultParallel = 4

// restart starts as many of the wave's restarts as the limit allows beside
// those that are under way, and stops at the first of these that fails.
func (t *turn) restart(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	underway, outcome, err := t.underway(ctx, s)
	if outcome != "" || err != nil {
		return outcome, err
	}
	steps, outcome, err := t.roomy(ctx, s.Steps)
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
	for _, step := range batch {
		if v := t.injectable(step); v.Result != verify.Pass {
			return t.fail(ctx, step, v)
		}
		wl, _ := t.world.Workload(step.Subject)
		again, late := t.again(step, wl)
		if late {
			return t.hold(ctx, unkept(step, t.ready()))
		}
		pause = max(pause, again)
		t.ledger.NoteRestart(wl, step.To)
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
func (t *turn) again(step plan.Step, wl mesh.Workload) (pause time.Duration, late bool) {
	clock := plan.Step{Kind: plan.Restart, Wave: step.Wave, Subject: step.Subject, To: step.To + ", stamped"}
	if !t.ledger.RestartedFrom(wl, step.To) {
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
func (t *turn) roomy(ctx context.Context, steps []plan.Step) ([]plan.Step, Outcome, error) {
	var fit []plan.Step
	for _, step := range steps {
		facts := t.workload(step)
		if facts.ExtraPods = facts.Workload.Surge; step.Field != "" {
			facts.ExtraPods = 0
		}
		if step.Returns(facts.Workload) {
			fit = append(fit, step)
			continue
		}
		v := verify.Worst(verify.Judge(verify.SurgeCapacity, step.Subject, facts))
		clock := plan.Step{Kind: plan.Restart, Wave: step.Wave, Subject: step.Subject, To: step.To + ", room"}
		switch {
		case v.Result == verify.Pass:
			t.waited(clock)
			fit = append(fit, step)
		case t.overdue(clock):
			outcome, err := t.fail(ctx, step, v)
			return nil, outcome, err
		default:
			t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
		}
	}
	return fit, "", nil
}

// underway counts the workloads of the wave that were restarted and are not
// proven yet by what the cluster says.
func (t *turn) underway(ctx context.Context, s plan.Stage) (int, Outcome, error) {
	n := 0
	for _, step := range t.proofsOf(s.Wave) {
		if slices.ContainsFunc(s.Steps, func(r plan.Step) bool { return r.Subject == step.Subject }) || t.yetTo(plan.Swap, step) || t.yetTo(plan.Replace, step) {
			continue
		}
		v := verify.Worst(verify.Judge(verify.WorkloadRollout, step.Subject, t.workload(step)))
		switch {
		case v.Result == verify.Fail, v.Result == verify.Wait && t.overdue(step):
			outcome, err := t.fail(ctx, step, v)
			return n, outcome, err
		case v.Result == verify.Wait:
			n++
			t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
		default:
			t.waited(step)
		}
	}
	return n, "", nil
}

// yetTo reports whether a step of that kind is left for the subject of another.
func (t *turn) yetTo(kind plan.Kind, step plan.Step) bool {
	return slices.ContainsFunc(plan.Flat(t.stages), func(s plan.Step) bool {
		return s.Kind == kind && s.Wave == step.Wave && s.Subject == step.Subject
	})
}

func (t *turn) proofsOf(wave int) []plan.Step {
	for _, s := range t.stages {
		if s.Wave == wave && s.Kind == plan.Prove {
			return s.Steps
		}
	}
	return nil
}

// injectable looks, just before a restart, at what the live webhooks would do to
// the workload's next pod.
func (t *turn) injectable(step plan.Step) verify.Verdict {
	wl, _ := t.world.Workload(step.Subject)
	ns, _ := t.world.Namespace(wl.Namespace)
	by := t.world.Injectors(ns, step.Template(wl.Template))
	if slices.Equal(by, []string{step.To}) {
		return verify.Verdict{Result: verify.Pass}
	}
	found := "nobody"
	if len(by) > 0 {
		found = strings.Join(by, " and ")
	}
	return verify.Verdict{Check: verify.SidecarRevision.Name, Subject: step.Subject, Result: verify.Fail,
		Reason: fmt.Sprintf("it was not restarted: %s would inject its next pod, not %s", found, step.To),
		Hint:   "Compare the labels of the namespace and of the pod template with what `kubectl get mutatingwebhookconfigurations` selects."}
}
