// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// try sees by dry run that the mesh still admits pods and configuration, as far
// as it did before.
func (t *turn) try(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		asked, err := t.attempts(ctx, s)
		if err != nil {
			return "", err
		}
		v := t.afterwards(s, asked)
		if outcome, err := t.settle(ctx, s, v); outcome != "" || err != nil || v.Result == verify.Wait {
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
	for _, s := range removal.DryRuns(t.world, t.target) {
		if _, done := t.shown(s, removal.DryRunDone); done {
			continue
		}
		asked, err := t.attempts(ctx, s)
		if err != nil {
			return false, "", err
		}
		v := before(s, asked)
		v.Reason = "before anything is taken away: " + v.Reason
		switch v.Result {
		case verify.Pass:
		case verify.Warn:
			t.tell(Event{Kind: Passed, Step: &s, Verdict: &v})
		default:
			outcome, err := t.wait(ctx, v, s, 0)
			return false, outcome, err
		}
		t.waited(s)
		t.show(s, asked)
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
func before(s step.Step, asked []mesh.DryRunAttempt) verify.Verdict {
	facts := verify.Facts{Revision: s.To}
	for _, a := range asked {
		if a.Workload != "" || !a.Pod && !a.InvalidConfig {
			facts.DryRuns = append(facts.DryRuns, a)
		}
	}
	return verify.Worst(verify.Evaluate(slices.Concat(verify.DryRunPod, verify.DryRunConfiguration), s.Subject, facts))
}

// show writes down what a try showed before the removal.
func (t *turn) show(s step.Step, asked []mesh.DryRunAttempt) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[string]step.Pass{}
	}
	note := func(what removal.DryRunResult, evidence string) {
		t.ledger.Passed[removal.DryRunBeforeKey(s, t.target, what)] = step.Pass{At: t.Clock.Now(), Evidence: evidence}
	}
	note(removal.DryRunDone, "")
	for _, a := range asked {
		switch {
		case a.Pod && a.Workload == "" && !a.Admitted:
			note(removal.PodRefused, a.Refusal)
		case a.Pod && a.Workload == "":
			note(removal.SidecarInjected, a.Sidecar.Revision)
		case a.InvalidConfig && !a.Admitted:
			note(refusing(a), "")
		}
	}
}

func (t *turn) shown(s step.Step, what removal.DryRunResult) (step.Pass, bool) {
	pass, ok := t.ledger.Passed[removal.DryRunBeforeKey(s, t.target, what)]
	return pass, ok
}

// refusing tells by whom invalid configuration was refused.
func refusing(a mesh.DryRunAttempt) removal.DryRunResult {
	if len(a.Labels) > 0 {
		return removal.RefusedByRevision
	}
	return removal.RefusedByMesh
}

// afterwards judges a try after the removal: what did not hold before is not asked for.
func (t *turn) afterwards(s step.Step, asked []mesh.DryRunAttempt) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: s.To}
	if !strings.HasPrefix(s.Subject, removal.PodInPrefix) {
		for _, a := range asked {
			if _, refused := t.shown(s, refusing(a)); refused || !a.InvalidConfig {
				facts.DryRuns = append(facts.DryRuns, a)
			}
		}
		return verify.Worst(verify.Evaluate(verify.DryRunConfiguration, s.Subject, facts))
	}
	facts.DryRuns = asked
	if asked[0].Workload == "" {
		if was, refused := t.shown(s, removal.PodRefused); refused {
			return verify.Verdict{Check: verify.PodCreation.Name, Subject: s.Subject, Result: verify.Warn, Reason: "such a pod was not admitted before the removal either: " + was.Evidence}
		}
		if was, given := t.shown(s, removal.SidecarInjected); given {
			facts.Revision = was.Evidence
		}
	}
	return verify.Worst(verify.Evaluate(verify.DryRunPod, s.Subject, facts))
}

// attempts asks the API server for what a step tries.
func (t *turn) attempts(ctx context.Context, s step.Step) ([]mesh.DryRunAttempt, error) {
	asked := configurations(s.To)
	if name, is := strings.CutPrefix(s.Subject, removal.PodInPrefix); is {
		asked = []mesh.DryRunAttempt{t.podOf(name, s.To)}
	}
	for i, a := range asked {
		var err error
		if asked[i], err = t.Writer.DryRun(ctx, a); err != nil {
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
func (t *turn) podOf(namespace, want string) mesh.DryRunAttempt {
	ns, _ := t.world.Namespace(namespace)
	a := mesh.DryRunAttempt{Pod: true, Namespace: namespace}
	for _, wl := range t.world.In(namespace) {
		if !wl.Gateway && !wl.Deleted && wl.Kind.Templated() && slices.Contains(wl.Sidecars(), want) && slices.Equal(t.world.Injectors(ns, wl.Template), []string{want}) {
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
func configurations(revision string) []mesh.DryRunAttempt {
	own := map[string]string{mesh.RevisionLabel: revision}
	return []mesh.DryRunAttempt{{}, {Labels: own}, {Labels: own, InvalidConfig: true}, {InvalidConfig: true}}
}
