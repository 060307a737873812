// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// turn is one look at the mesh and what follows from it.
type turn struct {
	Engine
	intent  step.Intent
	ledger  step.Ledger // as it shall be written
	written step.Ledger // as it is written
	world   mesh.World
	target  step.Target
	stages  []step.Stage
	gone    plan.RevisionMissing // of a run whose revision others have taken away
}

// resume forgets why an earlier host of the run stopped, and gives what waited
// then its whole time, and what it restarted its restarts again: somebody may
// have mended what was in the way.
func (t *turn) resume() {
	t.ledger.Held, t.ledger.Waiting, t.ledger.Restarts, t.ledger.Evictions = nil, nil, nil, nil
	t.ledger.Stopping = nil
	t.tell(Event{Kind: Began})
}

// advance does what a stage asks for, as far as it can be done now.
func (t *turn) advance(ctx context.Context, stage step.Stage) (Outcome, error) {
	t.ledger.Reached = max(t.ledger.Reached, plan.RankOf(t.target, stage.Wave, stage.Kind))
	switch stage.Kind {
	case step.DeleteTrial:
		return t.withdraw(ctx, stage)
	case step.Trial:
		return t.trial(ctx, stage)
	case step.EvictStuckPod:
		return t.evict(ctx, stage)
	case step.Restart:
		return t.restart(ctx, stage)
	case step.EvictPods:
		return t.replace(ctx, stage)
	case step.Swap:
		return t.swap(ctx, stage)
	case step.DeleteParked:
		return t.retire(ctx, stage)
	case step.Validate:
		return t.admit(ctx, stage)
	case step.Verify:
		return t.prove(ctx, stage)
	case step.Soak:
		return t.soak(ctx, stage)
	case step.Label, step.LabelTemplate, step.Pin, step.RestoreLabel:
		return t.label(ctx, stage)
	case step.Tag:
		return t.tag(ctx, stage)
	case step.Install:
		return t.install(ctx, stage)
	case step.Remove:
		return t.remove(ctx, stage)
	case step.DryRun:
		return t.try(ctx, stage)
	}
	return t.act(ctx, stage.Steps)
}

// act writes what it is about to do down, and does it.
func (t *turn) act(ctx context.Context, steps []step.Step) (Outcome, error) {
	if err := t.save(ctx); err != nil {
		return "", err
	}
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		at := t.Clock.Now()
		changes, err := plan.Render(s, t.target, at)
		if err != nil {
			return "", err
		}
		t.tell(Event{Kind: Acting, Step: &s})
		switch err := t.write(ctx, changes); {
		case errors.Is(err, ErrConflict):
			return "", t.Clock.Sleep(ctx, t.Poll) // the next look tells what is left of it
		case err != nil:
			return "", unwritten{s, err}
		}
		t.tell(Event{Kind: Acted, Step: &s})
	}
	return "", nil
}

// write carries changes out one after the other, up to the first that fails.
func (t *turn) write(ctx context.Context, changes []step.Change) error {
	for _, c := range changes {
		if err := t.Writer.Write(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// save writes the ledger down where it differs from what is written.
func (t *turn) save(ctx context.Context) error {
	if reflect.DeepEqual(t.ledger, t.written) {
		return nil
	}
	if err := t.Record.Save(ctx, t.ledger, t.summary()); err != nil {
		return fmt.Errorf("write the run's record: %w", err)
	}
	t.written = t.ledger.Clone()
	return nil
}

// tell fills in what every event carries.
func (t *turn) tell(e Event) {
	e.At, e.Run = t.Clock.Now(), t.intent.Run
	e.World, e.Target, e.Stages = &t.world, &t.target, t.stages
	ledger := t.ledger.Clone()
	e.Ledger = &ledger
	t.Reporter.Report(e)
}

// listed is how many changes a message lists: it is stored with the record, and
// is to be read.
const listed = 8

// changed is the hold of a plan that is not the one that was approved.
func changed(strange []step.Step) step.Hold {
	lines := make([]string, 0, len(strange))
	for _, s := range strange {
		lines = append(lines, s.String())
	}
	more := ""
	if len(lines) > listed {
		lines, more = lines[:listed], fmt.Sprintf("; and %d more", len(lines)-listed)
	}
	return step.Hold{Reason: planChanged, Subject: strange[0].Subject, Wave: strange[0].Wave,
		Message: "what is left is not what was approved: " + strings.Join(lines, "; ") + more,
		Hint:    "Somebody else changed the mesh. Run the same command again to see the plan as it is now, and to agree to it."}
}

// passing reports whether an error may go away when the same is tried again.
func passing(err error) bool {
	return !errors.Is(err, ErrRefused) && !errors.Is(err, context.Canceled)
}

// expired reports whether something has been waited for too long.
func (t *turn) expired(since time.Time) bool {
	return t.Clock.Now().Sub(since) > t.ready()
}

func (t *turn) ready() time.Duration {
	if t.intent.ReadyTimeout == 0 {
		return 10 * time.Minute
	}
	return t.intent.ReadyTimeout
}
