// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report"
)

// work runs the engine to the end of the run, or to its hold, and writes the
// page. held ends with ctx, and when the Lease is lost.
func (a *app) work(ctx, held context.Context, h home, r *run, p report.Proposal) error {
	began := a.clock.Now()
	tell, closing := a.teller(p.Intent.Parallel)
	m := &memory{to: tell}
	a.heard = func(line string) {
		m.Tell(engine.Event{Kind: report.Said, At: a.clock.Now(), Run: r.Name, Message: line})
	}
	e := engine.Engine{Observer: h, Actor: h, Journal: h.Record(r.Name), Clock: a.clock, Teller: m}
	outcome, err := e.Run(held)
	closing()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case held.Err() != nil:
		return context.Cause(held)
	case err != nil:
		return fmt.Errorf("run %s: %w", r.Name, err)
	}
	last := m.seen()
	if w, err := h.Observe(ctx); err == nil {
		last.World = &w
	}
	return a.page(last, r, outcome, began)
}

// page closes a run.
func (a *app) page(last engine.Event, r *run, outcome engine.Outcome, began time.Time) error {
	g := report.Page{Run: r.Name, Outcome: outcome, Intent: r.intent, Began: began, Ended: a.clock.Now(), Left: last.Stages}
	if last.World != nil {
		g.World, g.Target, g.Ledger = *last.World, *last.Target, *last.Ledger
	}
	var err error
	if a.output == outputJSON {
		err = a.object(g.Object())
	} else {
		_, err = fmt.Fprint(a.Out, g.Text(a.paper()))
	}
	if err == nil && outcome == engine.Held {
		return errHeld
	}
	return err
}
