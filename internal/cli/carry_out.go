// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
)

// carryOut shows what is left of a run, has it agreed to where it was not, and
// works on it, or watches whoever does, until it has ended or is held.
func (a *app) carryOut(ctx context.Context, h home, r *run, c consent, lease time.Duration) error {
	by, err := h.Holder(ctx)
	if err != nil {
		return err
	}
	if by != "" && !r.fresh && !r.ended() {
		switch {
		case r.back() != r.found.Spec.Rollback: // he came while this was read
			return r.worked(by)
		case len(r.changes) > 0:
			return r.busy(by)
		}
		return a.hold(ctx, h, r, lease, func(held context.Context) error { return a.goOn(ctx, held, h, r) })
	}
	r.again()
	p, err := a.propose(ctx, h, r)
	if holds(r, err) { // nothing of it can be agreed to
		return a.hold(ctx, h, r, lease, func(held context.Context) error { return a.work(ctx, held, h, r, p) })
	}
	if err != nil {
		return a.unlessInPlace(err)
	}
	if len(p.Plan.Stages) == 0 && r.ended() {
		return a.nothing(r, p)
	}
	if err := permitted(ctx, h, running, slices.Concat(r.needs, needsOf(p.Plan.Stages, a.root), fieldNeeds(p.World, p.Plan.Stages))); err != nil {
		return err
	}
	agreed := r.agreed(p.Plan)
	if !agreed {
		if err := a.agree(ctx, p, c); err != nil {
			return err
		}
	}
	return a.hold(ctx, h, r, lease, func(held context.Context) error {
		if err := a.settle(held, h, r, p, agreed); err != nil {
			return err
		}
		return a.work(ctx, held, h, r, p)
	})
}

// settle writes down what a run needs before it works.
func (a *app) settle(held context.Context, h home, r *run, p report.Proposal, agreed bool) error {
	if agreed {
		return r.writeChoices(held, h)
	}
	return a.record(held, h, r, p)
}

// again forgets a wave that was put back, so that what is planned goes forward.
// Until it is agreed to, this is not written down.
func (r *run) again() {
	if r.ledger.Held != nil && r.ledger.Revert > 0 && !r.back() {
		r.ledger.Revert = 0
	}
}

// unlessInPlace says that there is nothing to begin, where everything is there
// already; every other error it hands on.
func (a *app) unlessInPlace(err error) error {
	there, is := errors.AsType[plan.InPlace](err)
	if !is || there.Error() != err.Error() {
		return err
	}
	if a.output == outputJSON {
		return a.object(map[string]string{"kind": "nothing", "revision": there.Revision, "message": there.Error()})
	}
	_, err = fmt.Fprintf(a.Out, "%s%s. Nothing was changed; `rerig inventory` shows who runs what.\n", strings.ToUpper(there.Error()[:1]), there.Error()[1:])
	return err
}

// nothing says that the run has ended, and where.
func (a *app) nothing(r *run, p report.Proposal) error {
	moot := strings.Join(r.changed(), "; ")
	if a.output == outputJSON {
		ended := map[string]string{"kind": "ended", "run": r.Name, "outcome": string(r.outcome())}
		if moot != "" {
			ended["withoutEffect"] = moot
		}
		return a.object(ended)
	}
	if moot != "" {
		fmt.Fprintf(a.Out, "Asked for now, and without effect on what is done already: %s\n", moot)
	}
	result, but := report.Page{Run: r.Name, Outcome: r.outcome(), Intent: r.intent, World: p.World, Target: p.Plan.Target, Ledger: r.ledger}.Result()
	if but != "" {
		but += " (`rerig inventory` shows who runs what)"
	}
	if r.back() {
		_, err := fmt.Fprintf(a.Out, "Run %s is rolled back: %s%s. Nothing is left to do.\n", r.Name, result, but)
		return err
	}
	_, err := fmt.Fprintf(a.Out, "Run %s is complete: %s%s. Nothing is left to do.\nTo take it back: rerig rollback %s\n", r.Name, result, but, r.Name)
	return err
}

// agree shows a plan and asks.
func (a *app) agree(ctx context.Context, p report.Proposal, c consent) error {
	if err := a.show(p); err != nil {
		return err
	}
	if err := a.possible(c); err != nil {
		return err
	}
	return a.ask(ctx, c, fmt.Sprintf("Carry out plan %s?", p.Plan.Digest))
}

// show writes a plan: as text, or as the first object of a run's events.
func (a *app) show(p report.Proposal) error {
	if a.output == outputJSON {
		return a.object(p.Object())
	}
	_, err := fmt.Fprint(a.Out, p.Text(a.paper()))
	return err
}

// record writes down what was agreed to, before anything else is written. Time
// went by while somebody read: what he agreed to must still be the plan.
func (a *app) record(ctx context.Context, h home, r *run, p report.Proposal) error {
	now, err := observed(ctx, h, r)
	if err != nil {
		return err
	}
	if now.Plan.Digest != p.Plan.Digest {
		return fmt.Errorf("begin run %s: the mesh changed while its plan was read (digest %s, now %s); nothing was changed: run the same command again", r.Name, p.Plan.Digest, now.Plan.Digest)
	}
	if r.fresh {
		if err := define(ctx, h, now, a.clock.Now()); err != nil {
			return err
		}
		begun := r.ledger.Install
		r.ledger = plan.Opened(now.Plan, a.clock.Now())
		r.ledger.Install = begun
	} else {
		r.ledger = r.ledger.Agreed(now.Plan, a.clock.Now())
	}
	return r.write(ctx, h)
}

// define puts the definition there, without which there is no record.
func define(ctx context.Context, h home, p report.Proposal, at time.Time) error {
	for _, s := range plan.Flat(p.Plan.Stages) {
		if s.Kind != plan.Define {
			continue
		}
		changes, err := plan.Render(s, p.Plan.Target, at)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if err := h.Act(ctx, c); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
	}
	return nil
}
