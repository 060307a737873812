// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"sync"

	"github.com/rerig/rerig/lab/shop/internal/load"
)

// readiness is false until the shop has passed every kind of request. Counting starts then.
type readiness struct {
	mu      sync.Mutex
	ready   bool
	lastErr error
}

// err returns why the load is not ready, or nil.
func (r *readiness) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ready:
		return nil
	case r.lastErr != nil:
		return r.lastErr
	default:
		return errors.New("waiting for consecutive rounds without a failure")
	}
}

func (r *readiness) record(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErr = err
}

// run waits for the shop, marks the load ready, and sends requests until ctx ends.
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
