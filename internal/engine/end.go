// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// Reasons of a hold, as v1alpha1 lists them.
const (
	planChanged   = "PlanChanged"
	checkFailed   = "CheckFailed"
	timedOut      = "TimedOut"
	installFailed = "InstallFailed"
	waveReverted  = "WaveReverted"
	forCommit     = "ForCommit"
	writeFailed   = "WriteFailed"
)

// fail stops the run at a step that a check failed, or that was waited for too
// long.
func (t *turn) fail(ctx context.Context, s step.Step, v verify.Verdict) (Outcome, error) {
	h := step.Hold{Reason: checkFailed, Subject: v.Subject, Wave: s.Wave, Message: v.Reason, Hint: v.Hint}
	if v.Result == verify.Wait {
		h.Reason, h.Message = timedOut, fmt.Sprintf("%s (waited %s)", v.Reason, t.ready())
	}
	return t.hold(ctx, h)
}

// hold stops the run, or turns it around when a wave failed and is to be put back.
func (t *turn) hold(ctx context.Context, h step.Hold) (Outcome, error) {
	h.At = t.Clock.Now()
	if t.reverts(h) {
		return turned, t.revert(ctx, h)
	}
	if t.leaves() {
		t.ledger.Stopping = &h
		return turned, t.save(ctx)
	}
	t.ledger.Held = &h
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.tell(Event{Kind: Holding, Hold: &h})
	return Held, nil
}

// tested reports whether the wave in turn is only being tried: nothing of it was
// moved, so there is nothing to put back.
func (t *turn) tested() bool { return len(t.stages) > 0 && t.stages[0].Kind == step.Trial }

// reverts reports whether a hold puts its wave back: when the wave that is being
// moved failed. One that was moved and proven, and fails later by somebody's
// next deployment, is not the upgrade's to take back.
func (t *turn) reverts(h step.Hold) bool {
	failed := slices.Contains([]string{checkFailed, timedOut, writeFailed}, h.Reason)
	return failed && !t.tested() && h.Wave > 0 && t.intent.RollbackOnFailure && !t.target.Rollback && t.ledger.Reached <= plan.RankOf(t.target, h.Wave, step.Soak)
}

// revert turns the run around for the wave that failed. That it would be put
// back was agreed to together with the plan.
func (t *turn) revert(ctx context.Context, h step.Hold) error {
	back := plan.Make(t.world, plan.RollbackTarget(t.intent, t.ledger, h.Wave), t.ledger)
	t.ledger = plan.Approve(t.ledger, back, h.At)
	t.ledger.Revert, t.ledger.RevertCause, t.ledger.RollbackApproved = h.Wave, &h, false
	if err := t.save(ctx); err != nil {
		return err
	}
	t.tell(Event{Kind: RollingBack, Hold: &h, Message: fmt.Sprintf("wave %d is put back: %s: %s", h.Wave, h.Subject, h.Message)})
	return nil
}

// turnAround takes the way back up that somebody asked for in the record while
// the run went forward, or just before its host died.
func (t *turn) turnAround(ctx context.Context) error {
	t.ledger = plan.Approve(t.ledger, plan.Make(t.world, t.target, t.ledger), t.Clock.Now())
	if err := t.save(ctx); err != nil {
		return err
	}
	t.tell(Event{Kind: RollingBack, Message: "everything is put back as it was found"})
	return nil
}

// finish ends a run of which nothing is left.
func (t *turn) finish(ctx context.Context) (Outcome, error) {
	if t.ledger.Revert > 0 {
		return t.hold(ctx, t.reverted())
	}
	if names := baseline.Newcomers(t.world, t.intent, t.ledger); len(names) > 0 {
		return t.hold(ctx, step.Hold{Reason: planChanged, Subject: strings.Join(names, ", "),
			Message: fmt.Sprintf("everything that was agreed to is moved and proven; since then %s came to be bound to another revision", strings.Join(names, ", ")),
			Hint:    "Run the same command again: it shows the plan with them in a wave of their own, and asks."})
	}
	if t.ledger.Ended.IsZero() {
		t.ledger.Ended = t.Clock.Now()
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.tell(Event{Kind: Finished})
	if t.target.Rollback {
		return RolledBack, nil
	}
	return Completed, nil
}

// reverted is the hold of a run whose failing wave is back where it was.
func (t *turn) reverted() step.Hold {
	h := step.Hold{Reason: waveReverted, Wave: t.ledger.Revert, Subject: fmt.Sprintf("wave %d", t.ledger.Revert),
		Message: fmt.Sprintf("wave %d was put back and is proven on what it had before", t.ledger.Revert),
		Hint:    "The waves before it stay moved. Mend what failed and run the same command again, or take everything back with `rerig rollback`."}
	if c := t.ledger.RevertCause; c != nil {
		h.Message += fmt.Sprintf("; it had failed at %s: %s", c.Subject, c.Message)
	}
	return h
}

// summary is what people read off the record.
func (t *turn) summary() Summary {
	done := 0
	open := map[int]bool{}
	for _, stage := range t.stages {
		if stage.Wave != 0 || plan.RankOf(t.target, 0, stage.Kind) <= plan.RankOf(t.target, 0, step.Pin) { // a removal follows the waves
			open[stage.Wave] = true
		}
	}
	for _, g := range t.target.Waves {
		if !open[g.Number] && !open[0] {
			done++
		}
	}
	s := Summary{Waves: fmt.Sprintf("%d/%d", done, len(t.target.Waves)), Digest: plan.Digest(t.ledger.Approved), Hold: t.ledger.Held}
	s.Phase, s.Message = t.phase()
	return s
}

func (t *turn) phase() (string, string) {
	switch {
	case t.ledger.Held != nil:
		return "Held", t.ledger.Held.Subject + ": " + t.ledger.Held.Message
	case !t.ledger.Ended.IsZero() && t.target.Rollback:
		return "RolledBack", "what was to go back is back, and proven"
	case !t.ledger.Ended.IsZero():
		return "Completed", "what was to move is on " + t.target.Revision + ", and proven"
	case t.target.Rollback || t.ledger.Revert > 0:
		return "RollingBack", t.commits()
	case len(t.stages) > 0 && t.stages[0].Kind == step.Soak:
		return "Soaking", t.stages[0].Steps[0].Subject
	}
	return "Upgrading", t.commits()
}

// commits is what people read off the record while somebody else has to commit.
func (t *turn) commits() string {
	list, more := step.Commits(t.stages), ""
	if len(list) > listed {
		list, more = list[:listed], fmt.Sprintf("; and %d more", len(list)-listed)
	}
	if len(list) == 0 {
		return ""
	}
	return "waits: " + strings.Join(list, "; ") + more
}
