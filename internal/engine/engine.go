// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// Engine runs one MeshUpgrade to its end. Durations that are zero have their
// default.
type Engine struct {
	Observer Observer
	Writer   Writer
	Record   Record
	Clock    Clock
	Reporter Reporter
	Jitter   func() float64 // a random number in [0, 1), for the pauses after errors; nil for none

	Poll         time.Duration // between two observations while the run waits; 1 s
	Settle       time.Duration // between labelling a namespace and restarting its pods; 2 s
	ErrorTimeout time.Duration // how long reads and writes of the cluster may fail; 2 min
}

// Outcome is how a run ended.
type Outcome string

const (
	Completed  Outcome = "completed"   // everything has moved and is verified
	RolledBack Outcome = "rolled-back" // everything is as in the baseline and verified
	Held       Outcome = "held"        // the run stopped; the ledger has the reason

	nextTurn Outcome = "next-turn" // the turn ended with a new direction and the run continues
)

// Run takes turns until nothing is left, the run is held, or ctx ends.
//
// A write that the API server rejects holds the run at once. Any other error is
// retried after an exponential pause; a write that fails for longer than ErrorTimeout
// holds the run. Run returns an error, and the Outcome "", if ctx ended, if the
// mesh or the record could not be read, or if a hold could not be recorded. After
// any error another Run continues from the same state.
func (e Engine) Run(ctx context.Context) (Outcome, error) {
	e = e.withDefaults()
	first, failed := true, failures{}
	for {
		outcome, err := e.turn(ctx, first)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			failed.add(e.Clock.Now())
			if !retryable(err) || failed.duration(e.Clock.Now()) > e.ErrorTimeout {
				if outcome, err = e.giveUp(ctx, err); err != nil {
					return "", err
				}
			}
		}
		switch {
		case err == nil && outcome != "" && outcome != nextTurn:
			return outcome, nil
		case err == nil:
			first, failed = false, failures{}
			continue
		}
		e.Reporter.Report(Event{Kind: Retrying, At: e.Clock.Now(), Message: err.Error()})
		if err := e.Clock.Sleep(ctx, failed.pause(e.Poll, e.Jitter)); err != nil {
			return "", err
		}
	}
}

func (e Engine) withDefaults() Engine {
	if e.Poll == 0 {
		e.Poll = time.Second
	}
	if e.Settle == 0 {
		e.Settle = 2 * time.Second
	}
	if e.ErrorTimeout == 0 {
		e.ErrorTimeout = 2 * time.Minute
	}
	return e
}

// turn observes once and does what the first unfinished stage needs.
func (e Engine) turn(ctx context.Context, first bool) (Outcome, error) {
	t, err := e.observe(ctx)
	if err != nil {
		return "", err
	}
	if first {
		t.resume()
	}
	if t.intent.Rollback && !t.ledger.RollbackApproved {
		return "", t.startRollback(ctx)
	}
	t.report(Event{Kind: Observed})
	if t.ledger.Stopping != nil {
		return t.stopAfterTrials(ctx)
	}
	if t.gone != (plan.RevisionMissing{}) {
		return t.hold(ctx, step.Hold{Reason: step.ReasonCheckFailed, Subject: t.gone.Revision, Message: t.gone.Found(), Hint: t.gone.Advice()})
	}
	if len(t.stages) == 0 {
		return t.finish(ctx)
	}
	if unapproved := plan.Drift(t.stages, t.target, t.ledger); len(unapproved) > 0 {
		return t.hold(ctx, planChangedHold(unapproved))
	}
	return t.advance(ctx, t.stages[0])
}

// observe reads the record and the mesh, and plans.
func (e Engine) observe(ctx context.Context) (*turn, error) {
	intent, ledger, err := e.Record.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the run's record: %w", err)
	}
	w, err := e.Observer.Observe(ctx)
	if err != nil {
		return nil, fmt.Errorf("observe the mesh: %w", err)
	}
	target, err := plan.ResolveTarget(w, intent, ledger)
	gone, is := errors.AsType[plan.RevisionMissing](err)
	if err != nil && !is {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return newTurn(e, intent, ledger, w, target, gone), nil
}
