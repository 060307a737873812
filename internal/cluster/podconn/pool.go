// SPDX-License-Identifier: Apache-2.0

// Package podconn connects to ports of pods through the API server's
// port-forward.
package podconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// answerLimit is how many times the timeout a complete answer may take.
const answerLimit = 12

// Pool holds port-forwards to pods. A forward stays open between requests, and is
// opened again when it broke.
type Pool struct {
	config  *rest.Config
	timeout time.Duration

	mu   sync.Mutex // guards open; not held during a request
	open map[Endpoint]*client
}

// Endpoint is a port of one pod. The UID tells a pod from an earlier one of the
// same name, as a StatefulSet has them.
type Endpoint struct {
	Namespace, Name, UID string
	Port                 int
}

// client speaks HTTP to one endpoint. Its HTTP connections are streams of one
// forward.
type client struct {
	forward *Forward
	http    *http.Client
}

// NewPool returns a pool for the cluster behind config. timeout bounds the time
// until an answer begins, and the time between two parts of it.
func NewPool(config *rest.Config, timeout time.Duration) *Pool {
	return &Pool{config: config, timeout: timeout, open: map[Endpoint]*client{}}
}

// Timeout is how long the pool waits for an answer to begin.
func (p *Pool) Timeout() time.Duration { return p.timeout }

// Get sends GET to a pod and passes the body to read. The pool's timeout bounds
// the wait for the answer, the port-forward included, and then the wait for each
// further part: an istiod that serves thousands answers at length. The answer
// fails if it has more than limit bytes.
func (p *Pool) Get(ctx context.Context, at Endpoint, path string, limit int64, read func(io.Reader) error) error {
	return p.do(ctx, http.MethodGet, at, path, limit, read)
}

// Post sends POST without a body to a pod, and waits for its answer like Get.
func (p *Pool) Post(ctx context.Context, at Endpoint, path string) error {
	return p.do(ctx, http.MethodPost, at, path, 1<<20, func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

func (p *Pool) do(ctx context.Context, method string, at Endpoint, path string, limit int64, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerLimit*p.timeout, fmt.Errorf("no complete answer within %s", answerLimit*p.timeout))
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	idle := time.AfterFunc(p.timeout, func() { giveUp(fmt.Errorf("no answer within %s", p.timeout)) })
	defer idle.Stop()
	request, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://localhost:%d%s", at.Port, path), nil)
	if err != nil {
		return err
	}
	answer, err := p.client(at).http.Do(request)
	if err != nil {
		return Cause(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
		return fmt.Errorf("%s %s answered %s %s", method, path, answer.Status, text)
	}
	body := &idleReader{from: answer.Body, timer: idle, each: p.timeout}
	if err := read(&limitedReader{from: body, left: limit}); err != nil {
		return Cause(ctx, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1024)) // so that the stream can be used again
	return nil
}

// CertChain returns the certificates that a TLS server on a pod's port presents to
// who calls it by a name; "" for none. It sends no request and verifies nothing.
func (p *Pool) CertChain(ctx context.Context, at Endpoint, name string) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, fmt.Errorf("no answer within %s", p.timeout))
	defer cancel()
	conn, err := p.client(at).forward.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	config := &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"h2"}} //nolint:gosec // it is read, not trusted
	client := tls.Client(conn, config)
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, Cause(ctx, err)
	}
	return client.ConnectionState().PeerCertificates, nil
}

func (p *Pool) client(at Endpoint) *client {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.open[at]
	if !ok {
		f := NewForward(p.config, at)
		c = &client{forward: f, http: &http.Client{Transport: &http.Transport{
			DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return f.Dial(ctx) },
			IdleConnTimeout: time.Minute, // istiod's own is 90 s
		}}}
		p.open[at] = c
	}
	return c
}

// CloseEndpoint closes the forward to one endpoint.
func (p *Pool) CloseEndpoint(at Endpoint) {
	p.Keep(func(other Endpoint) bool { return other != at })
}

// Keep closes every forward to an endpoint that is not wanted.
func (p *Pool) Keep(wanted func(Endpoint) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, c := range p.open {
		if !wanted(at) {
			c.http.CloseIdleConnections()
			c.forward.Close()
			delete(p.open, at)
		}
	}
}

// Close closes every forward.
func (p *Pool) Close() { p.Keep(func(Endpoint) bool { return false }) }

// idleReader restarts a timer at each read.
type idleReader struct {
	from  io.Reader
	timer *time.Timer
	each  time.Duration
}

func (r *idleReader) Read(b []byte) (int, error) {
	r.timer.Reset(r.each)
	return r.from.Read(b)
}

// limitedReader fails, instead of ending, when more than left bytes come.
type limitedReader struct {
	from io.Reader
	left int64
}

func (r *limitedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, fmt.Errorf("the answer is too long")
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.from.Read(p)
	r.left -= int64(n)
	return n, err
}
