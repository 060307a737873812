// SPDX-License-Identifier: Apache-2.0

// Package supervise keeps a lab running after the command that started it has returned, and stops
// it.
package supervise

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rerig/rerig/lab/internal/flock"
	"github.com/rerig/rerig/lab/internal/state"
)

// RunFunc runs a lab of one size: real.Run or hollow.Run.
//
// It runs in the detached supervisor process. It finds free ports, saves the lab with them, writes
// l.Kubeconfig(), starts the cluster, and calls ready when the nodes are Ready. Then it waits until
// ctx ends, stops everything that it started and returns nil.
//
// l.Dir exists and holds only lab.json and log/. `lab down` removes it. An error before ready is
// shown to the user who waits for the lab. Lines written to out go to the supervisor's log; lines
// before ready also go to that user.
//
// Istio and the shop are the same for both sizes. The waiting command installs them through the
// kubeconfig.
type RunFunc func(ctx context.Context, l state.Lab, say io.Writer, ready func() error) error

// Run holds the supervisor's lock, calls run until ctx ends, and writes the reason to
// l.FailureFile() if run fails.
func Run(ctx context.Context, l state.Lab, run RunFunc, out io.Writer) error {
	// IsLocked holds the lock for a moment, so one attempt is not enough.
	lockCtx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lock, err := flock.Acquire(lockCtx, l.SupervisorLock())
	if err != nil {
		return fmt.Errorf("acquire the supervisor lock of lab %s, which may already be running: %w", l.Name, err)
	}
	defer lock.Close()
	if _, err := fmt.Fprintln(lock, os.Getpid()); err != nil {
		return fmt.Errorf("write the supervisor's process id: %w", err)
	}
	ready := func() error { return os.WriteFile(l.ReadyFile(), nil, 0o644) }
	err = run(ctx, l, out, ready)
	if err != nil && ctx.Err() == nil {
		_ = os.Remove(l.ReadyFile())
		if writeErr := os.WriteFile(l.FailureFile(), []byte(err.Error()), 0o644); writeErr != nil {
			return fmt.Errorf("%w (writing the reason failed: %w)", err, writeErr)
		}
	}
	return err
}
