// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"sync"
	"time"

	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/plan"
)

// hold waits for the Lease and acts while it is held. While somebody else holds
// it, his work is watched; what he has brought to its end, or to a hold, is not
// begun again.
func (a *app) hold(ctx context.Context, h home, r *run, lease time.Duration, act func(held context.Context) error) error {
	me := identity()
	var mutex sync.Mutex
	var w *watching
	acting := false
	told := func(holder string) {
		mutex.Lock()
		defer mutex.Unlock()
		switch {
		case acting, w != nil, holder == "", holder == me:
		case a.gone(ctx, h):
			fmt.Fprintf(a.Err, "rerig: %s worked on this last and gives no sign of life; waiting %s to be sure\n", holder, lease)
		default:
			w = a.watch(ctx, h, r, holder)
		}
	}
	err := h.Hold(ctx, me, lease, told, func(held context.Context) error {
		mutex.Lock()
		acting = true // from now on nobody is watched
		watched := w
		mutex.Unlock()
		if watched == nil {
			return act(held)
		}
		watched.stop()
		return a.afterwards(ctx, held, h, r, watched, act)
	})
	mutex.Lock()
	defer mutex.Unlock()
	if w != nil {
		w.stop()
	}
	if errors.Is(err, cluster.ErrLeaseLost) {
		return fmt.Errorf("run %s: %w: it could not be renewed in its time, and another process may have taken the run over; nothing is lost: run the same command again, which goes on or watches", r.Name, err)
	}
	return err
}

// gone reports whether the Lease has run out, as far as clocks agree.
func (a *app) gone(ctx context.Context, h home) bool {
	by, err := h.Holder(ctx)
	return err == nil && by == ""
}

// afterwards follows once whoever was watched works no more: the page, when the
// run has ended or is held, and else the rest of the work.
//
// One who died before anything was agreed to on record has left nothing but his
// Lease; so has one whose Lease outlived his last write, and one who took the run
// back is not what this process asks for: then it does what it was about to do.
// What somebody else agreed to otherwise meanwhile, nobody has seen here.
func (a *app) afterwards(ctx, held context.Context, h home, r *run, w *watching, act func(held context.Context) error) error {
	now, err := recorded(ctx, h, r.Name)
	switch {
	case err != nil:
		return err
	case now == nil && !r.fresh:
		return fmt.Errorf("go on with run %s: it is no longer on record: run the same command again", r.Name)
	case now == nil || now.fresh || r.fresh && now.ended() && now.back() != r.back(), (r.fresh || r.ended()) && r.untouched(now):
		if now != nil {
			r.found = now.found
		}
		return act(held)
	}
	if err := r.unlike(now); err != nil {
		return err
	}
	if now.ended() || now.ledger.Held != nil {
		return a.page(w.last(ctx), now, now.outcome(), w.began)
	}
	fmt.Fprintf(a.Err, "rerig: nobody works on run %s any more; this process goes on with it\n", r.Name)
	now.source, now.istioctl = r.source, r.istioctl
	return a.goOn(ctx, held, h, now)
}

// goOn works on a run of which everything that is left was agreed to.
func (a *app) goOn(ctx, held context.Context, h home, r *run) error {
	p, err := a.propose(ctx, h, r)
	if err != nil && !holds(r, err) {
		return err
	}
	return a.work(ctx, held, h, r, p)
}

// holds reports whether an error is one that the run is held for: its revision is
// gone. It is written down, so that the record says so too; of a run that is held
// or has ended, what is on record stays.
func holds(r *run, err error) bool {
	_, gone := errors.AsType[plan.Gone](err)
	return gone && r.ledger.Held == nil && !r.ended()
}

// identity tells people, and the Lease, which process this is.
func identity() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if n, err := os.Hostname(); err == nil {
		host = n
	}
	return fmt.Sprintf("%s@%s, process %d", name, host, os.Getpid())
}
