// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/ledger"
)

// HeldConnection is a connection that is kept open as long as possible.
type HeldConnection struct {
	// Kind names the connection. Place is the service at its other end.
	Kind, Place string
	// Open connects and reads a first line. The returned line function waits for the next line.
	Open func(ctx context.Context) (line func(context.Context) error, end func(), err error)
}

// SilenceTimeout is how long a held connection may be silent before it counts as cut. A line
// arrives every second.
const SilenceTimeout = 5 * time.Second

// reopenDelay is the time between a cut and the next connection.
const reopenDelay = 500 * time.Millisecond

// KeepOpen keeps one connection open until ctx ends, and opens another one whenever it is cut.
func KeepOpen(ctx context.Context, h HeldConnection, tally *Tally) {
	for ctx.Err() == nil {
		nextLine, end, err := h.Open(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			tally.Unopened(h.Kind, h.Place, err)
		default:
			tally.Opened(h.Kind, h.Place)
			start := time.Now()
			if err := readLines(ctx, nextLine); err != nil {
				tally.Cut(h.Kind, h.Place, time.Since(start), err)
			}
		}
		if end != nil {
			end()
		}
		wait(ctx, reopenDelay)
	}
}

// readLines reads lines until an error. It returns nil if ctx has ended.
func readLines(ctx context.Context, line func(context.Context) error) error {
	for {
		lineCtx, cancel := context.WithTimeout(ctx, SilenceTimeout)
		err := line(lineCtx)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// HeldConnections returns the held connections of a shop, one per protocol.
func HeldConnections(t Target) []HeldConnection {
	return []HeldConnection{
		{Kind: "held-http", Place: "web", Open: t.holdHTTP},
		{Kind: "held-grpc", Place: "catalog", Open: t.holdGRPC},
		{Kind: "held-tcp", Place: "ledger", Open: t.holdTCP},
	}
}

// withCancel makes a read without a deadline obey a context: it cancels the connection when the
// context ends.
func withCancel(cancel context.CancelFunc, next func() error) func(context.Context) error {
	return func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		if err := next(); err != nil {
			return errors.Join(ctx.Err(), err)
		}
		return nil
	}
}

func (t Target) holdHTTP(ctx context.Context) (func(context.Context) error, func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.HTTP+"/stream", nil)
	if err != nil {
		return nil, cancel, fmt.Errorf("create a request of a stream: %w", err)
	}
	req.Host = WebHost
	connectTimer := time.AfterFunc(RequestTimeout, cancel)
	defer connectTimer.Stop()
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return nil, cancel, err
	}
	end := func() { cancel(); _ = resp.Body.Close() }
	if resp.StatusCode != http.StatusOK {
		return nil, end, errors.New(resp.Status)
	}
	in := bufio.NewReader(resp.Body)
	line := withCancel(cancel, func() error { _, err := in.ReadString('\n'); return err })
	return line, end, line(ctx)
}

func (t Target) holdGRPC(ctx context.Context) (func(context.Context) error, func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	connectTimer := time.AfterFunc(RequestTimeout, cancel)
	defer connectTimer.Stop()
	next, err := t.Catalog.Watch(ctx)
	if err != nil {
		return nil, cancel, err
	}
	line := withCancel(cancel, func() error { _, err := next(); return err })
	return line, cancel, line(ctx)
}

func (t Target) holdTCP(ctx context.Context) (func(context.Context) error, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	conn, err := ledger.Dial(ctx, t.TCP)
	if err != nil {
		return nil, nil, err
	}
	line := func(ctx context.Context) error {
		wait(ctx, time.Second)
		_, err := conn.Add(ctx, 1, 1)
		return err
	}
	return line, func() { _ = conn.Close() }, line(ctx)
}
