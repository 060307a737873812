// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// remove deletes the old revisions once nothing uses them. A reference that is left
// holds the run by its name; the same command continues when it is gone.
func (t *turn) remove(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, revision := range t.target.Remove {
		facts := verify.Facts{World: t.world, Revision: revision, Successor: t.target.Revision}
		v := verify.Worst(verify.Evaluate(verify.Removal, "revision "+revision, facts))
		s := step.Step{Kind: step.Remove, Subject: step.Subject("revision " + revision)}
		switch v.Result {
		case verify.Fail:
			references := verify.References(facts)
			v.Subject, v.Reason = references[0].Subject, verify.StillUsed(revision, references)
			return t.fail(ctx, s, v)
		case verify.Wait:
			return t.wait(ctx, v, s)
		}
		t.stopWaiting(s)
	}
	if ready, outcome, err := t.dryRunBefore(ctx); !ready {
		return outcome, err
	}
	var own []step.Step
	for _, s := range stage.Steps {
		if s.By == "" {
			own = append(own, s)
		}
	}
	if len(own) > 0 {
		return t.act(ctx, own)
	}
	s := stage.Steps[0]
	facts := verify.Facts{World: t.world, Revision: s.To}
	return t.wait(ctx, verify.Worst(verify.Evaluate(verify.ManagedRemoval, string(s.Subject), facts)), s)
}
