// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// remove takes the old revisions away once all the evidence agrees. What holds
// on to one holds the run by its name: the same command goes on when it is gone.
func (t *turn) remove(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, revision := range t.target.Remove {
		facts := verify.Facts{World: t.world, Revision: revision}
		v := verify.Worst(verify.Evaluate(verify.Removal, "revision "+revision, facts))
		s := step.Step{Kind: step.Remove, Subject: "revision " + revision}
		switch v.Result {
		case verify.Fail:
			holders := verify.References(facts)
			v.Subject, v.Reason = holders[0].Subject, verify.StillUsed(revision, holders)
			return t.fail(ctx, s, v)
		case verify.Wait:
			return t.wait(ctx, v, s, 0)
		}
		t.waited(s)
	}
	if ready, outcome, err := t.tryBefore(ctx); !ready {
		return outcome, err
	}
	var ours []step.Step
	for _, s := range stage.Steps {
		if s.By == "" {
			ours = append(ours, s)
		}
	}
	if len(ours) == 0 {
		s := stage.Steps[0]
		v := verify.Worst(verify.Evaluate(verify.ManagedRemoval, s.Subject, verify.Facts{World: t.world, Revision: s.To}))
		return t.wait(ctx, v, s, 0)
	}
	return t.act(ctx, ours)
}
