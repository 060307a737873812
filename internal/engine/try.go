// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// try sees by dry run that the mesh still admits pods and configuration, as far
// as it did before.
func (t *turn) try(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, step := range s.Steps {
		asked, err := t.attempts(ctx, step)
		if err != nil {
			return "", err
		}
		v := t.afterwards(step, asked)
		if outcome, err := t.settle(ctx, step, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
	}
	return "", t.save(ctx)
}

// tryBefore tries everything before the first object is deleted, and reports
// whether the removal may begin: what does not work then is no fault of the
// removal's, but nobody could tell afterwards. What held is written down.
func (t *turn) tryBefore(ctx context.Context) (bool, Outcome, error) {
	wrote := false
	for _, step := range plan.Tries(t.world, t.target) {
		if _, done := t.shown(step, plan.Shown); done {
			continue
		}
		asked, err := t.attempts(ctx, step)
		if err != nil {
			return false, "", err
		}
		v := before(step, asked)
		v.Reason = "before anything is taken away: " + v.Reason
		switch v.Result {
		case verify.Pass:
		case verify.Warn:
			t.tell(Event{Kind: Passed, Step: &step, Verdict: &v})
		default:
			outcome, err := t.wait(ctx, v, step, 0)
			return false, outcome, err
		}
		t.waited(step)
		t.show(step, asked)
		wrote = true
	}
	if !wrote {
		return true, "", nil
	}
	err := t.save(ctx)
	return err == nil, "", err
}

// before judges what has to work before a removal begins: that a pod of a
// workload is admitted as the ones that run were, and that valid configuration is.
func before(step plan.Step, asked []mesh.Attempt) verify.Verdict {
	facts := verify.Facts{Revision: step.To}
	for _, a := range asked {
		if a.Workload != "" || !a.Pod && !a.Invalid {
			facts.DryRuns = append(facts.DryRuns, a)
		}
	}
	return verify.Worst(verify.Judge(slices.Concat(verify.DryRunPod, verify.DryRunConfiguration), step.Subject, facts))
}

// show writes down what a try showed before the removal.
func (t *turn) show(step plan.Step, asked []mesh.Attempt) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[string]plan.Pass{}
	}
	note := func(what plan.Showing, evidence string) {
		t.ledger.Passed[plan.BeforeKey(step, t.target, what)] = plan.Pass{At: t.Clock.Now(), Evidence: evidence}
	}
	note(plan.Shown, "")
	for _, a := range asked {
		switch {
		case a.Pod && a.Workload == "" && !a.Admitted:
			note(plan.Refused, a.Refusal)
		case a.Pod && a.Workload == "":
			note(plan.Given, a.Sidecar.Revision)
		case a.Invalid && !a.Admitted:
			note(refusing(a), "")
		}
	}
}

func (t *turn) shown(step plan.Step, what plan.Showing) (plan.Pass, bool) {
	pass, ok := t.ledger.Passed[plan.BeforeKey(step, t.target, what)]
	return pass, ok
}

// refusing tells by whom invalid configuration was refused.
func refusing(a mesh.Attempt) plan.Showing {
	if len(a.Labels) > 0 {
		return plan.RefusedOwn
	}
	return plan.RefusedAny
}

// afterwards judges a try after the removal: what did not hold before is not asked for.
func (t *turn) afterwards(step plan.Step, asked []mesh.Attempt) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: step.To}
	if !strings.HasPrefix(step.Subject, plan.PodIn) {
		for _, a := range asked {
			if _, refused := t.shown(step, refusing(a)); refused || !a.Invalid {
				facts.DryRuns = append(facts.DryRuns, a)
			}
		}
		return verify.Worst(verify.Judge(verify.DryRunConfiguration, step.Subject, facts))
	}
	facts.DryRuns = asked
	if asked[0].Workload == "" {
		if was, refused := t.shown(step, plan.Refused); refused {
			return verify.Verdict{Check: verify.PodCreation.Name, Subject: step.Subject, Result: verify.Warn, Reason: "such a pod was not admitted before the removal either: " + was.Evidence}
		}
		if was, given := t.shown(step, plan.Given); given {
			facts.Revision = was.Evidence
		}
	}
	return verify.Worst(verify.Judge(verify.DryRunPod, step.Subject, facts))
}

// attempts asks the API server for what a step tries.
func (t *turn) attempts(ctx context.Context, step plan.Step) ([]mesh.Attempt, error) {
	asked := configurations(step.To)
	if name, is := strings.CutPrefix(step.Subject, plan.PodIn); is {
		asked = []mesh.Attempt{t.podOf(name, step.To)}
	}
	for i, a := range asked {
		var err error
		if asked[i], err = t.Actor.Try(ctx, a); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// podOf is a pod of one of the namespace's workloads that the wanted revision
// would inject, and did: the injection's own policy may leave out what the
// webhooks let in. Of some kinds the template is not known. Where there is none it
// is a bare one, which names the revision itself unless the namespace's labels
// choose it.
func (t *turn) podOf(namespace, want string) mesh.Attempt {
	ns, _ := t.world.Namespace(namespace)
	a := mesh.Attempt{Pod: true, Namespace: namespace}
	for _, wl := range t.world.In(namespace) {
		if !wl.Gateway && !wl.Gone && wl.Kind.Templated() && slices.Contains(wl.Sidecars(), want) && slices.Equal(t.world.Injectors(ns, wl.Template), []string{want}) {
			a.Workload = wl.Key()
			return a
		}
	}
	if !slices.Contains(t.world.Injectors(ns, mesh.Template{}), want) {
		a.Labels = map[string]string{mesh.RevisionLabel: want}
	}
	return a
}

// configurations are one that is valid and one that is not, each for the mesh's
// default validator and for the revision's own. Whether there are such is seen by
// what they refuse.
func configurations(revision string) []mesh.Attempt {
	own := map[string]string{mesh.RevisionLabel: revision}
	return []mesh.Attempt{{}, {Labels: own}, {Labels: own, Invalid: true}, {Invalid: true}}
}
