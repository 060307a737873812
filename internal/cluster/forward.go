// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
)

// forward is a port-forward to one endpoint: one connection to the API server,
// in which each net.Conn is a pair of streams. No local port is opened.
type forward struct {
	config *rest.Config
	at     endpoint

	mu         sync.Mutex
	connection httpstream.Connection
	requests   int
}

// dial opens a connection to the endpoint, and the forward before it where there
// is none or where it broke.
func (f *forward) dial(ctx context.Context) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() { // the dialers below know no context
		conn, err := f.stream()
		done <- result{conn, err}
	}()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				_ = r.conn.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

func (f *forward) stream() (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connection != nil && closed(f.connection) {
		f.connection = nil
	}
	if f.connection == nil {
		connection, err := connect(f.config, f.at)
		if err != nil {
			return nil, fmt.Errorf("port-forward to pod %s/%s: %w", f.at.namespace, f.at.name, err)
		}
		f.connection = connection
	}
	f.requests++
	conn, err := newConn(f.connection, f.at.port, f.requests)
	if err != nil {
		_ = f.connection.Close()
		f.connection = nil
		return nil, fmt.Errorf("port-forward to port %d of pod %s/%s: %w", f.at.port, f.at.namespace, f.at.name, err)
	}
	return conn, nil
}

func (f *forward) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connection != nil {
		_ = f.connection.Close()
		f.connection = nil
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

// why prefers the cause that a person can use: the pod's refusal, or that time
// ran out, to what the HTTP client makes of it.
func why(ctx context.Context, err error) error {
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
