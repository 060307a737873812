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

// remove takes the old revisions away once all the evidence agrees. What holds
// on to one holds the run by its name: the same command goes on when it is gone.
func (t *turn) remove(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, revision := range t.target.Remove {
		facts := verify.Facts{World: t.world, Revision: revision}
		v := verify.Worst(verify.Judge(verify.Departure, "revision "+revision, facts))
		step := plan.Step{Kind: plan.Remove, Subject: "revision " + revision}
		switch v.Result {
		case verify.Fail:
			holders := verify.Holders(facts)
			v.Subject, v.Reason = holders[0].Subject, verify.Sentence(revision, holders)
			return t.fail(ctx, step, v)
		case verify.Wait:
			return t.wait(ctx, v, step, 0)
		}
		t.waited(step)
	}
	var ours []plan.Step
	for _, step := range s.Steps {
		if step.By == "" {
			ours = append(ours, step)
		}
	}
	if len(ours) == 0 {
		step := s.Steps[0]
		v := verify.Worst(verify.Judge(verify.LeftToOthers, step.Subject, verify.Facts{World: t.world, Revision: step.To}))
		return t.wait(ctx, v, step, 0)
	}
	return t.act(ctx, ours)
}

// try sees by dry run that the mesh still admits pods and configuration.
func (t *turn) try(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, step := range s.Steps {
		facts := verify.Facts{World: t.world, Revision: step.To}
		checks, asked := verify.ConfigurationTrial, t.configurations(step.To)
		if name, is := strings.CutPrefix(step.Subject, plan.PodIn); is {
			checks, asked = verify.PodTrial, []mesh.Attempt{t.podOf(name, step.To)}
		}
		for _, a := range asked {
			answer, err := t.Actor.Try(ctx, a)
			if err != nil {
				return "", err
			}
			facts.Attempts = append(facts.Attempts, answer)
		}
		v := verify.Worst(verify.Judge(checks, step.Subject, facts))
		if outcome, err := t.settle(ctx, step, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
	}
	return "", t.save(ctx)
}

// podOf is a pod of one of the namespace's workloads that the wanted revision
// would inject; where there is none, a bare one that names the revision itself
// unless the namespace's labels choose it.
func (t *turn) podOf(namespace, want string) mesh.Attempt {
	ns, _ := t.world.Namespace(namespace)
	a := mesh.Attempt{Pod: true, Namespace: namespace}
	for _, wl := range t.world.In(namespace) {
		if !wl.Gateway && slices.Equal(t.world.Injectors(ns, wl.Template), []string{want}) {
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
// default validator and for the revision's own.
func (t *turn) configurations(revision string) []mesh.Attempt {
	own := map[string]string{mesh.RevisionLabel: revision}
	list := []mesh.Attempt{{}, {Labels: own}, {Labels: own, Invalid: true}}
	if t.world.Validator.Configuration != "" {
		list = append(list, mesh.Attempt{Invalid: true}) // without a default validator it was never refused
	}
	return list
}
