// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"time"
)

// Holder opens connections that are held for as long as they let it.
type Holder struct {
	// Kind names the connection, Place the service that holds its other end.
	Kind, Place string
	// Open connects and has a first line from the other end. Line waits for the next one.
	Open func(ctx context.Context) (line func(context.Context) error, end func(), err error)
}

// Silence is how long a held connection may say nothing before it counts as cut; lines come every second.
const Silence = 5 * time.Second

// again is the time between a cut and the next connection.
const again = 500 * time.Millisecond

// Hold keeps one connection open until the context ends, opening another one whenever it is cut.
func Hold(ctx context.Context, h Holder, tally *Tally) {
	for ctx.Err() == nil {
		line, end, err := h.Open(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			tally.Unopened(h.Kind, h.Place, err)
		default:
			tally.Opened(h.Kind, h.Place)
			began := time.Now()
			if err := follow(ctx, line); err != nil {
				tally.Cut(h.Kind, h.Place, time.Since(began), err)
			}
		}
		if end != nil {
			end()
		}
		wait(ctx, again)
	}
}

// follow reads lines until there are no more; that the context ended is no error.
func follow(ctx context.Context, line func(context.Context) error) error {
	for {
		limited, cancel := context.WithTimeout(ctx, Silence)
		err := line(limited)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
