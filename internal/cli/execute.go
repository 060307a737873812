// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run"
)

// execute shows what is left of a run, asks for approval where that is missing,
// and works on the run, or watches the process that does, until the run has ended
// or is held.
func (a *app) execute(ctx context.Context, c run.Cluster, r *run.Run, approval approval, lease time.Duration) error {
	leaseHolder, err := c.LeaseHolder(ctx)
	if err != nil {
		return err
	}
	if leaseHolder != "" && !r.Fresh && !r.Ended() {
		switch {
		case r.Turning(): // another process took the Lease after the check
			return r.ErrHeld(leaseHolder)
		case len(r.Changes) > 0:
			return r.ErrBusy(leaseHolder)
		}
		return a.withLease(ctx, c, r, lease, func(held context.Context) error { return a.resume(ctx, held, c, r) })
	}
	r.RetryWave()
	p, err := r.Propose(ctx, c, a.environment())
	if holdsFor(r, err) { // there is nothing to approve
		return a.withLease(ctx, c, r, lease, func(held context.Context) error { return a.work(ctx, held, c, r, p) })
	}
	if err != nil {
		return a.unlessInPlace(err)
	}
	if len(p.Plan.Stages) == 0 && r.Ended() {
		return a.showEnded(r, p)
	}
	if err := r.Permitted(ctx, c, run.ToWrite, r.NeedsFor(p, a.root)); err != nil {
		return err
	}
	approved := r.Approved(p)
	if !approved {
		if err := a.approve(ctx, p, approval); err != nil {
			return err
		}
	}
	return a.withLease(ctx, c, r, lease, func(held context.Context) error {
		if err := a.record(held, c, r, p, approved); err != nil {
			return err
		}
		return a.work(ctx, held, c, r, p)
	})
}

// record writes down what a run needs before the engine works on it.
func (a *app) record(held context.Context, c run.Cluster, r *run.Run, p report.Proposal, approved bool) error {
	if approved {
		return r.WriteChoices(held, c)
	}
	return r.Approve(held, c, p, a.clock.Now())
}

// resume works on a run whose remaining plan was approved.
func (a *app) resume(ctx, held context.Context, c run.Cluster, r *run.Run) error {
	p, err := r.Propose(ctx, c, a.environment())
	if err != nil && !holdsFor(r, err) {
		return err
	}
	return a.work(ctx, held, c, r, p)
}

// holdsFor reports whether the engine records an error as a hold: the target
// revision no longer exists. The record of a run that is held or has ended stays
// as it is.
func holdsFor(r *run.Run, err error) bool {
	_, gone := errors.AsType[plan.RevisionMissing](err)
	return gone && r.Ledger.Held == nil && !r.Ended()
}

// work runs the engine until the run has ended or is held, and writes the last
// page. held is done when ctx is, and when the Lease is lost.
func (a *app) work(ctx, held context.Context, c run.Cluster, r *run.Run, p report.Proposal) error {
	began := a.clock.Now()
	reporter, stop := a.reporter(p.Intent.Parallel, p.Hops)
	latest := &latestEvent{next: reporter}
	a.installerLine = func(line string) {
		latest.Report(engine.Event{Kind: report.InstallerOutput, At: a.clock.Now(), Run: r.Name, Message: line})
	}
	e := r.Engine(c, a.clock, latest)
	outcome, err := e.Run(held)
	stop()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case held.Err() != nil:
		return context.Cause(held)
	case err != nil:
		return fmt.Errorf("run %s: %w", r.Name, err)
	}
	last := latest.get()
	if w, err := r.World(ctx, c); err == nil {
		last.World = &w
	}
	return a.lastPage(last, r, p.Hops, outcome, began)
}

// lastPage writes the page that closes a run.
func (a *app) lastPage(last engine.Event, r *run.Run, hops []mesh.Hop, outcome engine.Outcome, began time.Time) error {
	g := report.Summary{
		Run: r.Name, Outcome: outcome, Intent: r.Intent, Began: began, Ended: a.clock.Now(), Left: last.Stages, Hops: hops,
	}
	if last.World != nil {
		g.World, g.Target, g.Ledger = *last.World, *last.Target, *last.Ledger
	}
	var err error
	if a.output == outputJSON {
		err = a.jsonLine(g.Object())
	} else {
		_, err = fmt.Fprint(a.Out, g.Text(a.style()))
	}
	if err == nil && outcome == engine.Held {
		return errHeld
	}
	return err
}

// unlessInPlace writes that there is nothing to do if everything is in place
// already, and returns any other error.
func (a *app) unlessInPlace(err error) error {
	inPlace, is := errors.AsType[selection.NothingToMove](err)
	if !is || inPlace.Error() != err.Error() {
		return err
	}
	text := inPlace.Error()
	if a.output == outputJSON {
		return a.jsonLine(map[string]string{"kind": "nothing", "revision": inPlace.Revision, "message": text})
	}
	return a.print("%s%s. Nothing was changed; `rerig inventory` shows which workload runs which revision.\n",
		strings.ToUpper(text[:1]), text[1:])
}

// showEnded writes that the run has ended already, and how.
func (a *app) showEnded(r *run.Run, p report.Proposal) error {
	ignored := strings.Join(r.ChangeTexts(), "; ")
	if a.output == outputJSON {
		ended := map[string]string{"kind": "ended", "run": r.Name, "outcome": string(r.Outcome())}
		if ignored != "" {
			ended["withoutEffect"] = ignored
		}
		return a.jsonLine(ended)
	}
	if ignored != "" {
		fmt.Fprintf(a.Out, "Without effect, because the run has ended: %s\n", ignored)
	}
	page := report.Summary{Run: r.Name, Outcome: r.Outcome(), Intent: r.Intent, World: p.World, Target: p.Plan.Target, Ledger: r.Ledger}
	result, remark := page.Result()
	if remark != "" {
		remark += " (`rerig inventory` shows which workload runs which revision)"
	}
	if r.RollingBack() {
		return a.print("Run %s is rolled back: %s%s. Nothing is left to do.\n", r.Name, result, remark)
	}
	return a.print("Run %s is complete: %s%s. Nothing is left to do.\nTo roll it back: `rerig rollback %s`\n", r.Name, result, remark, r.Name)
}
