// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"sync"

	"github.com/rerig/rerig/lab/shop/internal/load"
)

// gate is shut until the shop was seen to be right in everything; the load counts from then on.
type gate struct {
	mu   sync.Mutex
	on   bool
	seen error
}

// open is why the gate is still shut.
func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.on:
		return nil
	case g.seen != nil:
		return g.seen
	default:
		return errors.New("the shop has not been right in everything for long enough yet")
	}
}

func (g *gate) tell(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = err
}

// asks waits for the shop, opens, and goes on asking until the context ends, which is no error.
func (g *gate) asks(ctx context.Context, f loadFlags, kinds []load.Kind, hold []load.Holder, tally *load.Tally) error {
	if err := load.Settle(ctx, kinds, f.settle, g.tell); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	tally.Reset()
	g.mu.Lock()
	g.on = true
	g.mu.Unlock()
	var held sync.WaitGroup
	defer held.Wait()
	for _, h := range hold {
		held.Go(func() { load.Hold(ctx, h, tally) })
	}
	load.Run(ctx, kinds, f.rate, tally)
	return nil
}
