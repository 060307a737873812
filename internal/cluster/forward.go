// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	streaming "k8s.io/streaming/pkg/httpstream"
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
				r.conn.Close()
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
		f.connection.Close()
		f.connection = nil
		return nil, fmt.Errorf("port-forward to port %d of pod %s/%s: %w", f.at.port, f.at.namespace, f.at.name, err)
	}
	return conn, nil
}

func (f *forward) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connection != nil {
		f.connection.Close()
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

// connect asks the API server for the forward as kubectl does: over a websocket,
// else over SPDY.
func connect(config *rest.Config, at endpoint) (httpstream.Connection, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	address := base.JoinPath("api", "v1", "namespaces", at.namespace, "pods", at.name, "portforward")
	dialer, err := dialer(config, address)
	if err != nil {
		return nil, err
	}
	connection, protocol, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	if protocol != portforward.PortForwardProtocolV1Name {
		connection.Close()
		return nil, fmt.Errorf("the server speaks %q", protocol)
	}
	return connection, nil
}

func dialer(config *rest.Config, address *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	second := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	first, err := portforward.NewSPDYOverWebsocketDialer(address, config)
	if err != nil {
		return nil, err
	}
	// Since v0.36 the websocket dialer's errors are those of k8s.io/streaming;
	// apimachinery's functions of these names don't know them.
	return portforward.NewFallbackDialer(first, second, func(err error) bool {
		return streaming.IsUpgradeFailure(err) || streaming.IsHTTPSProxyError(err)
	}), nil
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
