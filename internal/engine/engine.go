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

// Engine runs one MeshUpgrade to its end. The zero values of the durations mean
// their defaults.
type Engine struct {
	Observer Observer
	Writer   Writer
	Record   Record
	Clock    Clock
	Reporter Reporter

	Poll     time.Duration // between two looks while something is waited for; 1 s
	Settle   time.Duration // after a namespace was labelled, before its pods are made anew; 2 s
	Patience time.Duration // how long a cluster may be out of reach; 2 min
}

// Outcome is how a run ended.
type Outcome string

const (
	Completed  Outcome = "completed"   // everything is where it was wanted, and proven
	RolledBack Outcome = "rolled-back" // everything is as it was found, and proven
	Held       Outcome = "held"        // the run stopped; the ledger says why

	turned Outcome = "turned" // the turn is over and the run goes on another way
)

// Run takes turns until nothing is left, the run is held, or ctx ends. A write to
// the mesh that is refused holds it at once, since asking again does not help; one
// that fails otherwise once turns have failed, one after the other, for longer than
// Patience. With an error the Outcome is "": ctx's own when it ended, or what kept
// the mesh or the record from being read, or a hold from being written. Whatever
// error it returns, nothing is lost: another Run goes on from there.
func (e Engine) Run(ctx context.Context) (Outcome, error) {
	e = e.defaulted()
	first, since := true, time.Time{}
	for {
		outcome, err := e.turn(ctx, first)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err == nil && outcome != "" && outcome != turned:
			return outcome, nil
		case err == nil:
			first, since = false, time.Time{}
			continue
		}
		if since.IsZero() {
			since = e.Clock.Now()
		}
		if !passing(err) || e.Clock.Now().Sub(since) > e.Patience {
			outcome, err := e.giveUp(ctx, err)
			if outcome != turned {
				return outcome, err
			}
			first, since = false, time.Time{}
			continue
		}
		e.Reporter.Report(Event{Kind: Retrying, At: e.Clock.Now(), Message: err.Error()})
		if err := e.Clock.Sleep(ctx, e.Poll); err != nil {
			return "", err
		}
	}
}

func (e Engine) defaulted() Engine {
	if e.Poll == 0 {
		e.Poll = time.Second
	}
	if e.Settle == 0 {
		e.Settle = 2 * time.Second
	}
	if e.Patience == 0 {
		e.Patience = 2 * time.Minute
	}
	return e
}

// turn looks once and does what the first unfinished stage asks for.
func (e Engine) turn(ctx context.Context, first bool) (Outcome, error) {
	t, err := e.look(ctx)
	if err != nil {
		return "", err
	}
	if first {
		t.resume()
	}
	if t.intent.Rollback && !t.ledger.RollbackApproved {
		return "", t.turnAround(ctx)
	}
	t.tell(Event{Kind: Observed})
	if t.ledger.Stopping != nil {
		return t.leave(ctx)
	}
	if t.gone != (plan.RevisionMissing{}) {
		return t.hold(ctx, step.Hold{Reason: checkFailed, Subject: t.gone.Revision, Message: t.gone.Found(), Hint: t.gone.Advice()})
	}
	if len(t.stages) == 0 {
		return t.finish(ctx)
	}
	if strange := plan.Drift(t.stages, t.target, t.ledger); len(strange) > 0 {
		return t.hold(ctx, changed(strange))
	}
	return t.advance(ctx, t.stages[0])
}

// look reads the record and the mesh, and plans.
func (e Engine) look(ctx context.Context) (*turn, error) {
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
	return &turn{Engine: e, gone: gone, intent: intent, ledger: ledger.Clone(), written: ledger, world: w, target: target,
		stages: plan.Steps(w, target, ledger)}, nil
}
