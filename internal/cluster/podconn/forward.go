// SPDX-License-Identifier: Apache-2.0

package podconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
)

// dialTimeout bounds one attempt to open a port-forward.
const dialTimeout = 30 * time.Second

// Forward is a port-forward to one endpoint: one connection to the API server,
// in which each net.Conn is a pair of streams. It opens no local port.
type Forward struct {
	config *rest.Config
	to     Endpoint

	mu         sync.Mutex // guards the fields below; not held while waiting
	connection httpstream.Connection
	attempt    *attempt // to open the connection; nil if there is none
	requests   int
}

// attempt is one attempt to open a port-forward. All callers share its result.
type attempt struct {
	cancel     context.CancelFunc
	done       chan struct{} // closed once the result is known
	connection httpstream.Connection
	err        error
}

// NewForward returns a port-forward to an endpoint. It is opened by Dial.
func NewForward(config *rest.Config, to Endpoint) *Forward { return &Forward{config: config, to: to} }

// Dial returns a connection to the endpoint. It opens the port-forward if there is
// none or if it broke. At most one attempt runs at a time: a caller whose
// ctx ends leaves, and the attempt continues for those that come next, for
// dialTimeout at most.
func (f *Forward) Dial(ctx context.Context) (net.Conn, error) {
	connection, err := f.connected(ctx)
	if err != nil {
		return nil, err
	}
	type result struct {
		conn *conn
		err  error
	}
	done := make(chan result, 1)
	go func() { // the creation of streams takes no context
		conn, err := newConn(connection, f.to.Port, f.nextRequest())
		if err != nil {
			f.drop(connection)
		}
		done <- result{conn, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("port-forward to port %d of pod %s/%s: %w", f.to.Port, f.to.Namespace, f.to.Name, r.err)
		}
		return r.conn, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				_ = r.conn.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// connected returns the open port-forward, and waits for it if there is none.
func (f *Forward) connected(ctx context.Context) (httpstream.Connection, error) {
	f.mu.Lock()
	if f.connection != nil && !closed(f.connection) {
		defer f.mu.Unlock()
		return f.connection, nil
	}
	f.connection = nil
	if f.attempt == nil {
		f.attempt = f.open()
	}
	a := f.attempt
	f.mu.Unlock()
	select {
	case <-a.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if a.err != nil {
		return nil, fmt.Errorf("port-forward to pod %s/%s: %w", f.to.Namespace, f.to.Name, a.err)
	}
	return a.connection, nil
}

// open starts an attempt. The caller holds the lock.
func (f *Forward) open() *attempt {
	ctx, cancel := context.WithTimeoutCause(context.Background(), dialTimeout, fmt.Errorf("no connection within %s", dialTimeout))
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer cancel()
		connection, err := connect(ctx, f.config, f.to)
		f.mu.Lock()
		defer f.mu.Unlock()
		a.connection, a.err = connection, err
		switch {
		case f.attempt == a:
			f.attempt, f.connection = nil, connection
		case err == nil: // closed meanwhile
			_ = connection.Close()
			a.connection, a.err = nil, net.ErrClosed
		}
		close(a.done)
	}()
	return a
}

func (f *Forward) nextRequest() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	return f.requests
}

// drop closes a connection that failed, so that the next Dial opens another.
func (f *Forward) drop(failed httpstream.Connection) {
	f.mu.Lock()
	if f.connection == failed {
		f.connection = nil
	}
	f.mu.Unlock()
	_ = failed.Close()
}

// Close ends the port-forward, and an attempt to open it. It does not wait for
// the server.
func (f *Forward) Close() {
	f.mu.Lock()
	connection := f.connection
	if f.attempt != nil {
		f.attempt.cancel()
	}
	f.connection, f.attempt = nil, nil
	f.mu.Unlock()
	if connection != nil {
		go func() { _ = connection.Close() }()
	}
}

func closed(c httpstream.Connection) bool {
	select {
	case <-c.CloseChan():
		return true
	default:
		return false
	}
}

// Cause returns the part of a failed request's error that helps a person: what
// the pod's node reported, or which time limit was reached.
func Cause(ctx context.Context, err error) error {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return refused
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	var address *url.Error
	if errors.As(err, &address) {
		return address.Err
	}
	return err
}
