// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// validate checks control planes before anything moves to them. Forward, it also
// compares the target with the control planes that it replaces.
func (t *turn) validate(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		checks, facts := verify.ControlPlaneHealth, t.controlPlaneFacts(string(s.Subject))
		if !t.target.Rollback {
			checks = slices.Concat(verify.ControlPlaneValidation, verify.ControlPlaneComparison)
			var err error
			if facts.Setups, err = t.Observer.Setups(ctx, t.target.ExistingNamespaces(t.world)); err != nil {
				return "", fmt.Errorf("compare the control planes: %w", err)
			}
			facts.OldRevisions = plan.OldRevisions(t.world, t.intent, t.ledger, t.target)
			facts.AcceptedLoss = t.ledger.AcceptedLoss
		}
		v := verify.Worst(verify.Evaluate(checks, string(s.Subject), facts))
		if outcome, err := t.conclude(ctx, s, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
		if !t.target.Rollback {
			t.noteTrustedRoots(ctx, facts.OldRevisions)
		}
	}
	return "", t.save(ctx)
}
