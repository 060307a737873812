// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
)

// looks is how often a watching process looks.
const looks = 2 * time.Second

// watching follows a run that another process works on, from what that writes
// down and from the mesh itself.
type watching struct {
	home    home
	journal engine.Journal
	to      *memory
	clock   engine.Clock
	began   time.Time
	end     func()

	fresh  bool         // when the watching began, the run was not on record
	before []plan.Stage // what was left at the look before
	known  bool
}

// watch begins to follow a run.
func (a *app) watch(ctx context.Context, h home, r *run, by string) *watching {
	fmt.Fprintf(a.Err, "rerig: %s works on run %s; this process watches, and goes on with it if that one dies\n", by, r.Name)
	if err := r.glimpsed(ctx, h); err != nil {
		fmt.Fprintf(a.Err, "rerig: what the removal takes is not shown: %s\n", err)
	}
	tell, closing := a.teller(r.intent.Parallel)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	w := &watching{home: h, journal: h.Record(r.Name), to: &memory{to: tell}, began: a.clock.Now(), clock: a.clock, fresh: r.found == nil}
	ended := false
	w.end = func() {
		if !ended {
			ended = true
			cancel()
			<-done
			closing()
		}
	}
	go func() {
		defer close(done)
		w.follow(ctx)
	}()
	return w
}

// stop ends the watching; more than once is once.
func (w *watching) stop() { w.end() }

// follow looks again and again.
func (w *watching) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.to.Tell(engine.Event{Kind: engine.Troubled, At: w.clock.Now(), Message: err.Error()})
		}
		if w.clock.Sleep(ctx, looks) != nil {
			return
		}
	}
}

// look tells what has happened since the look before.
func (w *watching) look(ctx context.Context) error {
	intent, ledger, err := w.journal.Load(ctx)
	if w.fresh && !w.known && errors.Is(err, cluster.ErrNoRun) {
		return errors.New("read the run's record: it is not written yet")
	}
	if err != nil {
		return fmt.Errorf("read the run's record: %w", err)
	}
	world, err := w.home.Observe(ctx)
	if err != nil {
		return fmt.Errorf("observe the mesh: %w", err)
	}
	target, err := plan.Aim(world, intent, ledger)
	if _, gone := errors.AsType[plan.Gone](err); err != nil && !gone { // who works on it holds it for that
		return err
	}
	left := plan.Steps(world, target, ledger)
	tell := func(e engine.Event) {
		e.At, e.Run, e.World, e.Target, e.Ledger, e.Stages = w.clock.Now(), intent.Run, &world, &target, &ledger, left
		w.to.Tell(e)
	}
	tell(engine.Event{Kind: engine.Looked})
	if !w.known {
		tell(engine.Event{Kind: engine.Began})
	}
	for _, e := range report.Between(w.before, left, world, target, ledger) {
		tell(e)
	}
	w.before, w.known = left, true
	return nil
}

// last looks once more, for the page.
func (w *watching) last(ctx context.Context) engine.Event {
	w.to.to = silence{}
	if err := w.look(ctx); err != nil {
		return w.to.seen()
	}
	return w.to.seen()
}

// silence hears events and tells nobody.
type silence struct{}

func (silence) Tell(engine.Event) {}
