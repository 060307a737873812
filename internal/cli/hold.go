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
)

// hold waits for the Lease and acts while it is held. While somebody else holds
// it, his work is watched; what he has brought to its end, or to a hold, is not
// begun again.
func (a *app) hold(ctx context.Context, h home, r *run, lease time.Duration, act func(held context.Context) error) error {
	me := identity()
	var once sync.Once
	var w *watching
	var mutex sync.Mutex
	told := func(holder string) {
		if holder == "" || holder == me {
			return
		}
		once.Do(func() {
			mutex.Lock()
			defer mutex.Unlock()
			w = a.watch(ctx, h, r, holder)
		})
	}
	err := h.Hold(ctx, me, lease, told, func(held context.Context) error {
		once.Do(func() {}) // from now on nobody is watched
		mutex.Lock()
		defer mutex.Unlock()
		if w == nil {
			return act(held)
		}
		w.stop()
		return a.afterwards(ctx, held, h, r, w, act)
	})
	mutex.Lock()
	defer mutex.Unlock()
	if w != nil {
		w.stop()
	}
	if errors.Is(err, cluster.ErrLeaseLost) {
		return fmt.Errorf("run %s: %w to another process, which goes on: run the same command again to watch it", r.Name, err)
	}
	return err
}

// afterwards follows once whoever was watched works no more: the page, when the
// run has ended or is held, and else the rest of the work.
//
// One who died before anything was agreed to on record has left nothing but his
// Lease: then this process does what it was about to do.
func (a *app) afterwards(ctx, held context.Context, h home, r *run, w *watching, act func(held context.Context) error) error {
	now, err := recorded(ctx, h, r.Name)
	switch {
	case err != nil:
		return err
	case now == nil && !r.fresh:
		return fmt.Errorf("go on with run %s: it is no longer on record: run the same command again", r.Name)
	case now == nil || now.fresh:
		if now != nil {
			r.found = now.found
		}
		return act(held)
	case now.ended() || now.ledger.Held != nil:
		return a.page(w.last(ctx), now, now.outcome(), w.began)
	}
	fmt.Fprintf(a.Err, "rerig: nobody works on run %s any more; this process goes on with it\n", r.Name)
	now.source, now.istioctl = r.source, r.istioctl
	return a.goOn(ctx, held, h, now)
}

// goOn works on a run of which everything that is left was agreed to.
func (a *app) goOn(ctx, held context.Context, h home, r *run) error {
	p, err := a.propose(ctx, h, r)
	if err != nil {
		return err
	}
	return a.work(ctx, held, h, r, p)
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
