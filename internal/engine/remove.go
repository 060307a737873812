// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// remove takes the old revisions away once all the evidence agrees. What holds
// on to one holds the run by its name: the same command goes on when it is gone.
func (t *turn) remove(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, revision := range t.target.Remove {
		facts := verify.Facts{World: t.world, Revision: revision}
		v := verify.Worst(verify.Judge(verify.Removal, "revision "+revision, facts))
		step := plan.Step{Kind: plan.Remove, Subject: "revision " + revision}
		switch v.Result {
		case verify.Fail:
			holders := verify.References(facts)
			v.Subject, v.Reason = holders[0].Subject, verify.StillUsed(revision, holders)
			return t.fail(ctx, step, v)
		case verify.Wait:
			return t.wait(ctx, v, step, 0)
		}
		t.waited(step)
	}
	if ready, outcome, err := t.tryBefore(ctx); !ready {
		return outcome, err
	}
	var ours []plan.Step
	for _, step := range s.Steps {
		if step.By == "" {
			ours = append(ours, step)
		}
	}
	if len(ours) == 0 {
		step := s.Steps[0]
		v := verify.Worst(verify.Judge(verify.ManagedRemoval, step.Subject, verify.Facts{World: t.world, Revision: step.To}))
		return t.wait(ctx, v, step, 0)
	}
	return t.act(ctx, ours)
}
