// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run"
	"github.com/rerig/rerig/internal/step"
)

// watchInterval is how often a watching process observes the mesh.
const watchInterval = 2 * time.Second

// watch follows a run on which another process works, from the record and from
// the mesh itself.
type watch struct {
	observer engine.Observer
	record   engine.Record
	events   *latestEvent
	clock    engine.Clock
	began    time.Time
	end      func()

	fresh    bool         // the run had no record when the watch began
	previous []step.Stage // what was left at the previous look
	known    bool         // the record was read once
}

// watch begins to follow a run.
func (a *app) watch(ctx context.Context, c run.Cluster, r *run.Run, leaseHolder string) *watch {
	a.tell("%s works on run %s; this process watches, and takes over if that process dies", leaseHolder, r.Name)
	if err := r.PrepareToShow(ctx, c); err != nil {
		a.tell("the removal is not shown: %s", err)
	}
	reporter, stop := a.reporter(r.Intent.Parallel, nil)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	w := &watch{
		observer: r.Observer(c), record: c.Record(r.Name), events: &latestEvent{next: reporter},
		began: a.clock.Now(), clock: a.clock, fresh: !r.Recorded(),
	}
	ended := false
	w.end = func() {
		if !ended {
			ended = true
			cancel()
			<-done
			stop()
		}
	}
	go func() {
		defer close(done)
		w.follow(ctx)
	}()
	return w
}

// stop ends the watch. It may be called more than once.
func (w *watch) stop() { w.end() }

// follow looks until its context is done.
func (w *watch) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.events.Report(engine.Event{Kind: engine.Retrying, At: w.clock.Now(), Message: err.Error()})
		}
		if w.clock.Sleep(ctx, watchInterval) != nil {
			return
		}
	}
}

// look reports what has happened since the previous look.
func (w *watch) look(ctx context.Context) error {
	intent, ledger, err := w.record.Load(ctx)
	if w.fresh && !w.known && errors.Is(err, record.ErrNoRun) {
		return errors.New("read the run's record: it is not written yet")
	}
	if err != nil {
		return fmt.Errorf("read the run's record: %w", err)
	}
	world, err := w.observer.Observe(ctx)
	if err != nil {
		return fmt.Errorf("observe the mesh: %w", err)
	}
	target, err := plan.ResolveTarget(world, intent, ledger)
	if _, gone := errors.AsType[plan.RevisionMissing](err); err != nil && !gone { // the other process holds the run for that
		return err
	}
	left := plan.Steps(world, target, ledger)
	tell := func(e engine.Event) {
		e.At, e.Run, e.World, e.Target, e.Ledger, e.Stages = w.clock.Now(), intent.Run, &world, &target, &ledger, left
		w.events.Report(e)
	}
	tell(engine.Event{Kind: engine.Observed})
	if !w.known {
		tell(engine.Event{Kind: engine.Began})
	}
	for _, e := range report.MissedEvents(w.previous, left, world, target, ledger) {
		tell(e)
	}
	w.previous, w.known = left, true
	return nil
}

// last looks once more, for the last page.
func (w *watch) last(ctx context.Context) engine.Event {
	w.events.next = discard{}
	_ = w.look(ctx) // without it the last page is that of the last event
	return w.events.get()
}

// discard ignores events.
type discard struct{}

func (discard) Report(engine.Event) {}
