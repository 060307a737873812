// SPDX-License-Identifier: Apache-2.0

// Package supervise keeps a lab running after the command that asked for it has
// returned, and ends it.
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

// RunFunc is a size of the lab made to run: real.Run and hollow.Run are the two.
//
// It runs in the detached supervisor process. It picks free ports and saves the
// lab with them, writes l.Kubeconfig(), brings up the cluster, calls ready once
// its nodes are Ready, and then stays until ctx ends, when it stops all that it
// started and returns nil. l.Dir is there and empty but for lab.json and log/,
// and is removed at down. An
// error before ready is shown to whoever waits for the lab; lines to say go to the
// supervisor's log, and those before ready also to that person.
//
// What is the same in both sizes, Istio and the shop, is installed through the
// kubeconfig by the command that waits for ready.
type RunFunc func(ctx context.Context, l state.Lab, say io.Writer, ready func() error) error

// Run is the supervisor's life: it holds the lab's lock, runs the ground until
// ctx ends, and writes down the reason when that fails.
func Run(ctx context.Context, l state.Lab, run RunFunc, out io.Writer) error {
	// Whoever looks whether the lock is held holds it for that moment, so one try is not enough.
	lockCtx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lock, err := flock.Acquire(lockCtx, l.SupervisorLock())
	if err != nil {
		return fmt.Errorf("supervise lab %s, which may have a supervisor: %w", l.Name, err)
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
			return fmt.Errorf("%w (and its reason could not be written: %w)", err, writeErr)
		}
	}
	return err
}
