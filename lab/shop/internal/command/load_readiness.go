// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"sync"

	"github.com/rerig/rerig/lab/shop/internal/load"
)

// readiness is shut until the shop was seen to be right in everything; the load counts from then on.
type readiness struct {
	mu      sync.Mutex
	ready   bool
	lastErr error
}

// err is why the gate is still shut.
func (r *readiness) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ready:
		return nil
	case r.lastErr != nil:
		return r.lastErr
	default:
		return errors.New("the shop has not been right in everything for long enough yet")
	}
}

func (r *readiness) record(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErr = err
}

// run waits for the shop, opens, and goes on asking until the context ends, which is no error.
func (r *readiness) run(ctx context.Context, f loadFlags, kinds []load.Kind, connections []load.HeldConnection, tally *load.Tally) error {
	if err := load.WaitUntilHealthy(ctx, kinds, f.settle, r.record); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	tally.Reset()
	r.mu.Lock()
	r.ready = true
	r.mu.Unlock()
	var held sync.WaitGroup
	defer held.Wait()
	for _, h := range connections {
		held.Go(func() { load.KeepOpen(ctx, h, tally) })
	}
	load.Run(ctx, kinds, f.rate, tally)
	return nil
}
