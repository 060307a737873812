// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// defaultReadyTimeout is how long anything is waited for unless the intent says otherwise.
const defaultReadyTimeout = 10 * time.Minute

// maxListed is how many items a message lists: it is stored in the record.
const maxListed = 8

// turn is one observation of the mesh and what follows from it.
type turn struct {
	Engine
	intent   step.Intent
	ledger   step.Ledger // as it has to be recorded
	recorded step.Ledger // as it is recorded; never changed in place
	reported step.Ledger // as events carry it; never changed in place
	world    mesh.World
	target   step.Target
	stages   []step.Stage
	gone     plan.RevisionMissing // of a run whose target revision was removed by others
	steps    stepIndex
}

func newTurn(e Engine, in step.Intent, l step.Ledger, w mesh.World, target step.Target, gone plan.RevisionMissing) *turn {
	return &turn{
		Engine:   e,
		intent:   in,
		ledger:   l.Clone(),
		recorded: l,
		reported: l,
		world:    w,
		target:   target,
		stages:   plan.Steps(w, target, l),
		gone:     gone,
	}
}

// resume clears why an earlier host of the run stopped. Everything that it waited
// for has its full time again, and every workload its restarts and evictions:
// somebody may have corrected the cause.
func (t *turn) resume() {
	t.ledger.Held, t.ledger.Waiting, t.ledger.Restarts, t.ledger.Evictions = nil, nil, nil, nil
	t.ledger.Stopping = nil
	t.reported = t.ledger.Clone()
	t.report(Event{Kind: Began})
}

// act records what it is about to do, then does it.
func (t *turn) act(ctx context.Context, steps []step.Step) (Outcome, error) {
	if err := t.save(ctx); err != nil {
		return "", err
	}
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		changes, err := plan.Render(s, t.target, t.Clock.Now())
		if err != nil {
			return "", err
		}
		t.report(Event{Kind: Acting, Step: &s})
		switch err := t.write(ctx, changes); {
		case errors.Is(err, ErrConflict):
			return "", t.Clock.Sleep(ctx, t.Poll) // the next observation shows what is left of it
		case err != nil:
			return "", writeError{s, err}
		}
		t.report(Event{Kind: Acted, Step: &s})
	}
	return "", nil
}

// write carries out changes in order, up to the first that fails.
func (t *turn) write(ctx context.Context, changes []step.Change) error {
	for _, c := range changes {
		if err := t.Writer.Write(ctx, t.conditional(c)); err != nil {
			return err
		}
	}
	return nil
}

// conditional makes a patch of a workload depend on the template that this turn
// observed: what was planned was planned for that one. Objects of other projects
// have no digest before their first restart; their patch stays unconditional then.
func (t *turn) conditional(c step.Change) step.Change {
	if c.Verb != step.Patch || c.Expect != "" {
		return c
	}
	if wl, ok := t.world.Workload(mesh.Workload{Kind: mesh.Kind(c.Kind), Namespace: c.Namespace, Name: c.Name}.Ref()); ok {
		c.Expect = wl.Template.Hash
	}
	return c
}

// save records the ledger if it differs from what is recorded.
func (t *turn) save(ctx context.Context) error {
	if reflect.DeepEqual(t.ledger, t.recorded) {
		return nil
	}
	if err := t.Record.Save(ctx, t.ledger, t.summary()); err != nil {
		return fmt.Errorf("write the run's record: %w", err)
	}
	t.recorded = t.ledger.Clone()
	t.reported = t.recorded
	return nil
}

// saveAndSleep records the ledger and lets some time pass before the next turn.
func (t *turn) saveAndSleep(ctx context.Context) (Outcome, error) {
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// report sets the fields that every event has. The ledger of an event is the one
// that was recorded last: a copy for each event would cost as much as the mesh is
// large, for each of its workloads.
func (t *turn) report(e Event) {
	e.At, e.Run = t.Clock.Now(), t.intent.Run
	ledger := t.reported
	e.World, e.Target, e.Ledger, e.Stages = &t.world, &t.target, &ledger, t.stages
	t.Reporter.Report(e)
}

// readyTimeout is how long anything is waited for before the run holds.
func (t *turn) readyTimeout() time.Duration {
	if t.intent.ReadyTimeout == 0 {
		return defaultReadyTimeout
	}
	return t.intent.ReadyTimeout
}

// parallel is how many workloads may move at the same time.
func (t *turn) parallel() int {
	if t.intent.Parallel == 0 {
		return defaultParallel
	}
	return t.intent.Parallel
}
