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

	"github.com/spf13/cobra"

	clusterlease "github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/run"
)

// leaseDuration is how long a Lease is valid without renewal. A process that
// cannot renew it for two thirds of that stops acting: another machine's clock
// may be fast, and a write may be in progress.
const leaseDuration = 15 * time.Second

func leaseFlag(cmd *cobra.Command, lease *time.Duration) {
	cmd.Flags().DurationVar(lease, "lease-duration", leaseDuration,
		"how long this process's Lease is valid without renewal; after two thirds of it without the API server, the process stops")
}

func validateLease(lease time.Duration) error {
	if lease < 3*time.Second {
		return usageError{fmt.Errorf("set the Lease duration: %s is too short to be renewed in; use at least 3s", lease)}
	}
	return nil
}

// withLease waits for the Lease and calls act while it is held. While another
// process holds it, that process's work is watched; a run that the other process
// ended, or that is held, is not started again.
func (a *app) withLease(ctx context.Context, c run.Cluster, r *run.Run, lease time.Duration, act func(held context.Context) error) error {
	self := identity()
	var mutex sync.Mutex
	var w *watch
	acting := false
	onLeaseHolder := func(leaseHolder string) {
		mutex.Lock()
		defer mutex.Unlock()
		switch {
		case acting, w != nil, leaseHolder == "", leaseHolder == self:
		case leaseExpired(ctx, c):
			a.tell("%s held the Lease last and does not renew it; waiting %s to be sure", leaseHolder, lease)
		default:
			w = a.watch(ctx, c, r, leaseHolder)
		}
	}
	err := c.Hold(ctx, self, lease, onLeaseHolder, func(held context.Context) error {
		mutex.Lock()
		acting = true // from now on nobody is watched
		watched := w
		mutex.Unlock()
		if watched == nil {
			return act(held)
		}
		watched.stop()
		return a.takeOver(ctx, held, c, r, watched, act)
	})
	mutex.Lock()
	defer mutex.Unlock()
	if w != nil {
		w.stop()
	}
	if errors.Is(err, clusterlease.ErrLost) {
		return fmt.Errorf("run %s: %w: it could not be renewed in time, and another process may have taken over the run; "+
			"nothing is lost: run the same command again, which continues the run or watches", r.Name, err)
	}
	return err
}

// leaseExpired reports whether nobody holds a valid Lease, as far as clocks agree.
func leaseExpired(ctx context.Context, c run.Cluster) bool {
	leaseHolder, err := c.LeaseHolder(ctx)
	return err == nil && leaseHolder == ""
}

// takeOver continues after the process that was watched has stopped: it writes
// the last page if the run has ended or is held, and else works on what is left.
// It calls act if the other process left nothing but its Lease, and fails if that
// process approved something else than is asked for here.
func (a *app) takeOver(ctx, held context.Context, c run.Cluster, r *run.Run, w *watch, act func(held context.Context) error) error {
	now, err := r.FindAgain(ctx, c)
	switch {
	case err != nil:
		return err
	case now == nil && !r.Fresh:
		return r.ErrGone()
	case r.Proceeds(now):
		r.UseRecord(now)
		return act(held)
	}
	if err := r.Conflicts(now); err != nil {
		return err
	}
	if now.Ended() || now.Ledger.Held != nil {
		return a.lastPage(w.last(ctx), now, nil, now.Outcome(), w.began)
	}
	a.tell("no other process works on run %s any more; this process continues it", r.Name)
	return a.resume(ctx, held, c, now)
}

// identity names this process, for people and for the Lease.
func identity() string {
	name, host := "unknown-user", "unknown-host"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if n, err := os.Hostname(); err == nil {
		host = n
	}
	return fmt.Sprintf("%s@%s, process %d", name, host, os.Getpid())
}
