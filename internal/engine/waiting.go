// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// conclude acts on the verdict of a step: it records a pass, stops the run at a
// failure, and waits otherwise.
func (t *turn) conclude(ctx context.Context, s step.Step, v verify.Verdict) (Outcome, error) {
	switch v.Result {
	case verify.Pass, verify.Warn:
		t.pass(plan.VerdictKey(t.world, s, t.target), s, v)
		return "", nil
	case verify.Fail:
		return t.fail(ctx, s, v)
	}
	return t.wait(ctx, v, s)
}

// pass notes a verdict that passed. The caller saves.
func (t *turn) pass(key step.VerdictKey, s step.Step, v verify.Verdict) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[step.VerdictKey]step.Pass{}
	}
	t.ledger.Passed[key] = step.Pass{At: t.Clock.Now(), Evidence: v.Reason}
	t.stopWaiting(s)
	t.report(Event{Kind: Passed, Step: &s, Verdict: &v})
}

// wait lets some time pass, or stops the run if the step is overdue.
func (t *turn) wait(ctx context.Context, v verify.Verdict, s step.Step) (Outcome, error) {
	if t.overdue(s) {
		return t.fail(ctx, s, v)
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return t.saveAndSleep(ctx)
}

// overdue reports whether the step has been waited for too long. The first call
// starts its time.
func (t *turn) overdue(s step.Step) bool {
	if since, ok := t.ledger.Waiting[s.WaitKey()]; ok {
		return t.expired(since)
	}
	if t.ledger.Waiting == nil {
		t.ledger.Waiting = map[step.WaitKey]time.Time{}
	}
	t.ledger.Waiting[s.WaitKey()] = t.Clock.Now()
	return false
}

// expired reports whether something has been waited for too long.
func (t *turn) expired(since time.Time) bool {
	return t.Clock.Now().Sub(since) > t.readyTimeout()
}

// stopWaiting ends the time of a step. It has its full time again if it is waited
// for later.
func (t *turn) stopWaiting(s step.Step) { delete(t.ledger.Waiting, s.WaitKey()) }

// waitFor returns the step under which something beside the step's own verdict is
// waited for, such as capacity: it has a time of its own.
func waitFor(s step.Step, what string) step.Step {
	return step.Step{Kind: s.Kind, Wave: s.Wave, Subject: s.Subject, To: s.To + ", " + what}
}
