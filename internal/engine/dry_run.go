// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// dryRun checks that the API server still accepts the pods and the configuration
// that it accepted before the removal.
func (t *turn) dryRun(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		results, err := t.dryRuns(ctx, s)
		if err != nil {
			return "", err
		}
		v := t.verdictAfterRemoval(s, results)
		if outcome, err := t.conclude(ctx, s, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
	}
	return "", t.save(ctx)
}

// dryRunBefore makes all dry runs before the first object is deleted, and reports
// whether the removal may begin. What fails then is not caused by the removal, but
// afterwards nobody could tell. It notes what passed.
func (t *turn) dryRunBefore(ctx context.Context) (ready bool, outcome Outcome, err error) {
	noted := false
	for _, s := range removal.DryRuns(t.world, t.target) {
		if _, done := t.before(s, step.DryRunDone); done {
			continue
		}
		results, err := t.dryRuns(ctx, s)
		if err != nil {
			return false, "", err
		}
		v := verdictBeforeRemoval(s, results)
		v.Reason = "before the removal: " + v.Reason
		switch v.Result {
		case verify.Pass:
		case verify.Warn:
			t.report(Event{Kind: Passed, Step: &s, Verdict: &v})
		default:
			outcome, err := t.wait(ctx, v, s)
			return false, outcome, err
		}
		t.stopWaiting(s)
		t.noteBefore(s, results)
		noted = true
	}
	if !noted {
		return true, "", nil
	}
	err = t.save(ctx)
	return err == nil, "", err
}

// verdictBeforeRemoval checks what must pass before a removal begins: that a pod of
// a workload gets its sidecar, and that valid configuration is accepted.
func verdictBeforeRemoval(s step.Step, results []mesh.DryRunAttempt) verify.Verdict {
	facts := verify.Facts{Revision: s.To}
	for _, a := range results {
		if a.Workload != "" || !a.Pod && !a.InvalidConfig {
			facts.DryRuns = append(facts.DryRuns, a)
		}
	}
	return verify.Worst(verify.Evaluate(slices.Concat(verify.DryRunPod, verify.DryRunConfiguration), string(s.Subject), facts))
}

// noteBefore notes the results of dry runs before the removal.
func (t *turn) noteBefore(s step.Step, results []mesh.DryRunAttempt) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[step.VerdictKey]step.Pass{}
	}
	note := func(what step.DryRunOutcome, evidence string) {
		t.ledger.Passed[step.DryRunBeforeKey(s, t.target, what)] = step.Pass{At: t.Clock.Now(), Evidence: evidence}
	}
	note(step.DryRunDone, "")
	for _, a := range results {
		switch {
		case a.Pod && a.Workload == "" && !a.Accepted:
			note(step.PodRejected, a.Refusal)
		case a.Pod && a.Workload == "":
			note(step.SidecarInjected, a.Sidecar.Revision)
		case a.InvalidConfig && !a.Accepted:
			note(rejectedBy(a), "")
		}
	}
}

// before returns what a dry run showed before the removal.
func (t *turn) before(s step.Step, what step.DryRunOutcome) (step.Pass, bool) {
	pass, ok := t.ledger.Passed[step.DryRunBeforeKey(s, t.target, what)]
	return pass, ok
}

// rejectedBy returns which validator rejected invalid configuration: the revision's
// own or the mesh's default.
func rejectedBy(a mesh.DryRunAttempt) step.DryRunOutcome {
	if len(a.Labels) > 0 {
		return step.RejectedByOwn
	}
	return step.RejectedByDefault
}

// verdictAfterRemoval checks dry runs after the removal. What did not pass before it
// is not required.
func (t *turn) verdictAfterRemoval(s step.Step, results []mesh.DryRunAttempt) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: s.To}
	if _, pod := s.DryRunNamespace(); !pod {
		for _, a := range results {
			if _, rejected := t.before(s, rejectedBy(a)); rejected || !a.InvalidConfig {
				facts.DryRuns = append(facts.DryRuns, a)
			}
		}
		return verify.Worst(verify.Evaluate(verify.DryRunConfiguration, string(s.Subject), facts))
	}
	facts.DryRuns = results
	if results[0].Workload == "" {
		if was, rejected := t.before(s, step.PodRejected); rejected {
			return verify.Verdict{
				Check:   verify.PodCreation.Name,
				Subject: string(s.Subject),
				Result:  verify.Warn,
				Reason:  "such a pod was rejected before the removal too: " + was.Evidence,
			}
		}
		if was, injected := t.before(s, step.SidecarInjected); injected {
			facts.Revision = was.Evidence
		}
	}
	return verify.Worst(verify.Evaluate(verify.DryRunPod, string(s.Subject), facts))
}

// dryRuns makes the dry runs of a step.
func (t *turn) dryRuns(ctx context.Context, s step.Step) ([]mesh.DryRunAttempt, error) {
	objects := dryRunConfigurations(s.To)
	if name, pod := s.DryRunNamespace(); pod {
		objects = []mesh.DryRunAttempt{t.dryRunPod(name, s.To)}
	}
	for i, a := range objects {
		var err error
		if objects[i], err = t.Writer.DryRun(ctx, a); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// dryRunPod returns a pod of one of the namespace's workloads that the wanted
// revision injects: the injection policy may exclude pods that the webhooks select.
// The template must be known. Without such a workload it returns a pod that names
// the revision itself, unless the namespace's labels select it.
func (t *turn) dryRunPod(namespace, want string) mesh.DryRunAttempt {
	ns, _ := t.world.Namespace(namespace)
	a := mesh.DryRunAttempt{Pod: true, Namespace: namespace}
	for _, wl := range t.world.WorkloadsIn(namespace) {
		if !wl.Gateway && !wl.Deleted && wl.Kind.Templated() && slices.Contains(wl.Sidecars(), want) &&
			slices.Equal(t.world.Injectors(ns, wl.Template), []string{want}) {
			a.Workload = wl.Ref()
			return a
		}
	}
	if !slices.Contains(t.world.Injectors(ns, mesh.Template{}), want) {
		a.Labels = map[string]string{mesh.RevisionLabel: want}
	}
	return a
}

// dryRunConfigurations returns valid and invalid configuration, each for the mesh's
// default validator and for the revision's own. Which of them exist shows in what
// they reject.
func dryRunConfigurations(revision string) []mesh.DryRunAttempt {
	own := map[string]string{mesh.RevisionLabel: revision}
	return []mesh.DryRunAttempt{{}, {Labels: own}, {Labels: own, InvalidConfig: true}, {InvalidConfig: true}}
}
