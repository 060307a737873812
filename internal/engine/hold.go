// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// fail stops the run at a step whose check failed, or that is overdue.
func (t *turn) fail(ctx context.Context, s step.Step, v verify.Verdict) (Outcome, error) {
	h := step.Hold{Reason: step.ReasonCheckFailed, Subject: v.Subject, Check: v.Check, Wave: s.Wave, Message: v.Reason, Hint: v.Hint}
	if v.Result == verify.Wait {
		h.Reason, h.Message = step.ReasonTimedOut, fmt.Sprintf("%s (waited %s)", v.Reason, t.readyTimeout())
	}
	return t.hold(ctx, h)
}

// hold stops the run. If the wave that failed has to be rolled back first, or trial
// pods have to be deleted first, the run continues with that.
func (t *turn) hold(ctx context.Context, h step.Hold) (Outcome, error) {
	h.At = t.Clock.Now()
	if t.rollsBackWave(h) {
		return nextTurn, t.rollBackWave(ctx, h)
	}
	if t.hasTrialsToDelete() {
		t.ledger.Stopping = &h
		return nextTurn, t.save(ctx)
	}
	return t.stop(ctx, h)
}

// stop records a hold and ends the run.
func (t *turn) stop(ctx context.Context, h step.Hold) (Outcome, error) {
	t.ledger.Stopping, t.ledger.Held = nil, &h
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.report(Event{Kind: Holding, Hold: &h})
	return Held, nil
}

// planChangedHold is the hold of a plan that differs from the approved one.
func planChangedHold(unapproved []step.Step) step.Hold {
	lines := make([]string, 0, len(unapproved))
	for _, s := range unapproved {
		lines = append(lines, s.String())
	}
	return step.Hold{
		Reason:  step.ReasonPlanChanged,
		Subject: string(unapproved[0].Subject),
		Wave:    unapproved[0].Wave,
		Message: "these steps were not approved: " + list(lines, "; "),
		Hint:    "The mesh changed after the plan was approved. Run the same command again to see the present plan and approve it.",
	}
}

// notPersistentHold is the hold of a label or a restart annotation that is written
// and gone at the next observation, each time.
// by is the field manager that set it since, if the world tells.
func notPersistentHold(s step.Step, waited time.Duration, by mesh.FieldManager) step.Hold {
	who := "Another tool changes it back each time: a GitOps tool, an operator, or a mutating policy. " +
		"Find it with `kubectl get KIND NAME -o yaml --show-managed-fields`. "
	if by.Name != "" {
		who = "Another tool changes it back each time: " + by.String() + ". "
	}
	return step.Hold{
		Reason:  step.ReasonTimedOut,
		Subject: string(s.Subject),
		Wave:    s.Wave,
		Message: fmt.Sprintf("%s: the change does not persist (tried for %s)", s, waited),
		Hint:    who + "Make the change there and run the same command again.",
	}
}

// list joins items, at most maxListed of them, and counts the others.
func list(items []string, separator string) string {
	if len(items) <= maxListed {
		return strings.Join(items, separator)
	}
	return fmt.Sprintf("%s%sand %d more", strings.Join(items[:maxListed], separator), separator, len(items)-maxListed)
}

// rollsBackWave reports whether a hold rolls its wave back: only the wave that is
// moving when it fails. A wave that is verified and fails later, after another
// deployment, stays.
func (t *turn) rollsBackWave(h step.Hold) bool {
	failed := slices.Contains([]step.HoldReason{step.ReasonCheckFailed, step.ReasonTimedOut, step.ReasonWriteFailed}, h.Reason)
	return failed && !t.waveHasOnlyTrials() && h.Wave > 0 && t.intent.RollbackOnFailure && !t.target.Rollback &&
		t.ledger.Reached <= plan.RankOf(t.target, h.Wave, step.Soak)
}

// waveHasOnlyTrials reports whether the wave in turn has only had trials: nothing of it has
// moved, so there is nothing to roll back.
func (t *turn) waveHasOnlyTrials() bool { return len(t.stages) > 0 && t.stages[0].Kind == step.Trial }

// rollBackWave turns the run towards the baseline for the wave that failed. That was
// approved together with the plan.
func (t *turn) rollBackWave(ctx context.Context, h step.Hold) error {
	back := plan.Make(t.world, plan.RollbackTarget(t.intent, t.ledger, h.Wave), t.ledger)
	t.ledger = plan.Approve(t.ledger, back, h.At)
	t.ledger.Revert, t.ledger.RevertCause, t.ledger.RollbackApproved = h.Wave, &h, false
	if err := t.save(ctx); err != nil {
		return err
	}
	t.report(Event{Kind: RollingBack, Hold: &h, Message: fmt.Sprintf("rolling back wave %d: %s: %s", h.Wave, h.Subject, h.Message)})
	return nil
}

// startRollback turns the run towards the baseline: a rollback was requested in the
// record while the run went forward, or just before its host died.
func (t *turn) startRollback(ctx context.Context) error {
	t.ledger = plan.Approve(t.ledger, plan.Make(t.world, t.target, t.ledger), t.Clock.Now())
	if err := t.save(ctx); err != nil {
		return err
	}
	t.report(Event{Kind: RollingBack, Message: "rolling back to the baseline"})
	return nil
}

// waveRevertedHold is the hold of a run after its failed wave was rolled back.
func (t *turn) waveRevertedHold() step.Hold {
	h := step.Hold{
		Reason:  step.ReasonWaveReverted,
		Wave:    t.ledger.Revert,
		Subject: fmt.Sprintf("wave %d", t.ledger.Revert),
		Message: fmt.Sprintf("wave %d was rolled back and is verified on its previous revision", t.ledger.Revert),
		Hint: "The waves before it stay on the new revision. Correct the cause and run the same command again, " +
			"or roll everything back with `rerig rollback " + t.intent.Run + "`.",
	}
	if c := t.ledger.RevertCause; c != nil {
		h.Check = c.Check
		h.Message += fmt.Sprintf("; the cause was %s: %s", c.Subject, c.Message)
	}
	return h
}
