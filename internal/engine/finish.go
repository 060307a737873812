// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// finish ends a run that has nothing left to do.
func (t *turn) finish(ctx context.Context) (Outcome, error) {
	if t.ledger.Revert > 0 {
		return t.hold(ctx, t.waveRevertedHold())
	}
	if names := baseline.Newcomers(t.world, t.intent, t.ledger); len(names) > 0 {
		newcomers := strings.Join(names, ", ")
		return t.hold(ctx, step.Hold{
			Reason:  step.ReasonPlanChanged,
			Subject: newcomers,
			Message: "everything that was approved has moved and is verified; since then bound to another revision: " + newcomers,
			Hint:    "Run the same command again: it shows a plan with a further wave for what is new, and asks for approval.",
		})
	}
	facts := verify.Facts{World: t.world, Revision: t.target.Revision} // a rollback has no new revision
	if v := verify.Worst(verify.Evaluate(verify.RunEnd, t.target.Revision, facts)); v.Result == verify.Fail {
		remedy := advice.OneClaim(t.world.Contested, t.target.Revision)
		v.Hint = strings.ToUpper(remedy[:1]) + remedy[1:] + ". Then run the same command again."
		return t.fail(ctx, step.Step{}, v)
	}
	if t.ledger.Ended.IsZero() {
		t.ledger.Ended = t.Clock.Now()
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.report(Event{Kind: Finished})
	if t.target.Rollback {
		return RolledBack, nil
	}
	return Completed, nil
}

// summary returns what people read in the record without opening the ledger.
func (t *turn) summary() Summary {
	done := 0
	unfinished := map[int]bool{}
	for _, stage := range t.stages {
		if stage.Wave != 0 || plan.RankOf(t.target, 0, stage.Kind) <= plan.RankOf(t.target, 0, step.Pin) { // a removal follows the waves
			unfinished[stage.Wave] = true
		}
	}
	for _, g := range t.target.Waves {
		if !unfinished[g.Number] && !unfinished[0] {
			done++
		}
	}
	s := Summary{
		Waves:  fmt.Sprintf("%d/%d", done, len(t.target.Waves)),
		Digest: plan.Digest(t.ledger.Approved),
		Hold:   t.ledger.Held,
	}
	s.Phase, s.Message = t.phase()
	return s
}

// phase returns the phase of the run and a message beside it.
func (t *turn) phase() (phase step.Phase, message string) {
	switch {
	case t.ledger.Held != nil:
		return step.PhaseHeld, t.ledger.Held.Subject + ": " + t.ledger.Held.Message
	case !t.ledger.Ended.IsZero() && t.target.Rollback:
		return step.PhaseRolledBack, "all workloads run on their previous revision and are verified"
	case !t.ledger.Ended.IsZero():
		return step.PhaseCompleted, fmt.Sprintf("all selected workloads run on %s and are verified", t.target.Revision)
	case t.target.Rollback || t.ledger.Revert > 0:
		return step.PhaseRollingBack, t.commitMessage()
	case len(t.stages) > 0 && t.stages[0].Kind == step.Soak:
		return step.PhaseSoaking, string(t.stages[0].Steps[0].Subject)
	}
	return step.PhaseUpgrading, t.commitMessage()
}

// commitMessage names the commits that the run waits for; "" for none.
func (t *turn) commitMessage() string {
	commits := step.Commits(t.stages)
	if len(commits) == 0 {
		return ""
	}
	return "waiting: " + list(commits, "; ")
}
