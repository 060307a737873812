// SPDX-License-Identifier: Apache-2.0

// Package proxy is a hollow proxy: an injected pod's side of the conversation
// with its control plane, without an Envoy and without traffic. It gets its
// certificate by a real signing request, speaks real delta ADS, and answers like
// an Envoy's administration port.
package proxy

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// The wait between attempts doubles from the first to the longest.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 2 * time.Second
	// settled is how long a stream lasts before the waits begin anew.
	settled = 5 * time.Second
	signIn  = 10 * time.Second
)

// Proxy is the proxy of one pod. Its methods may be called from several goroutines.
type Proxy struct {
	Identity Identity
	// SPIFFE is the identity that its certificate is for.
	SPIFFE  string
	Network Network
	Began   time.Time
	// Log is told when the proxy connects and why it doesn't.
	Log io.Writer

	mu          sync.Mutex
	certificate *Certificate
	orders      Orders
	ordered     chan struct{} // closed when the orders change
	configured  bool          // listeners have been answered once
}

// Order changes what the proxy does wrong. It takes effect at once: a connected
// proxy connects anew, and hears everything again.
func (p *Proxy) Order(o Orders) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.orders.Equal(o) {
		return
	}
	p.orders = o
	if p.ordered != nil {
		close(p.ordered)
		p.ordered = nil
	}
}

// Certificate is the one that the proxy holds, nil before it got one.
func (p *Proxy) Certificate() *Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.certificate
}

// Run connects, and connects again, until ctx ends.
func (p *Proxy) Run(ctx context.Context) error {
	node, err := p.node()
	if err != nil {
		return fmt.Errorf("make the node of %s: %w", p.Identity.ID, err)
	}
	session := &Session{Node: node}
	wait := firstWait
	for ctx.Err() == nil {
		began := time.Now()
		orders, changed := p.current()
		p.turn(ctx, session, orders, changed)
		if time.Since(began) > settled || isClosed(changed) {
			wait = firstWait
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait = min(2*wait, longestWait)
	}
	return nil
}

// turn is one attempt: it lasts until the stream ends, the orders change, or the
// certificate is due to be renewed.
func (p *Proxy) turn(ctx context.Context, s *Session, o Orders, changed <-chan struct{}) {
	if o.Disconnected {
		select {
		case <-ctx.Done():
		case <-changed:
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.Reject = o.reason
	ended := make(chan error, 1)
	go func() { ended <- p.attempt(ctx, s) }()
	select {
	case err := <-ended:
		if ctx.Err() == nil {
			fmt.Fprintf(p.Log, "%s: %v\n", p.Identity.ID, err)
		}
	case <-changed:
		cancel()
		<-ended
	}
}

func (p *Proxy) attempt(ctx context.Context, s *Session) error {
	root, err := p.Network.Root(ctx)
	if err != nil {
		return fmt.Errorf("read the root certificate: %w", err)
	}
	token, err := p.Network.Token(ctx)
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	ctx = as(ctx, p.Identity.ClusterID, token)
	if err := p.certify(ctx, root); err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, p.Certificate().Renew())
	defer cancel()
	conn, err := connect(p.Network, p.Identity.Discovery, root)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", p.Identity.Discovery, err)
	}
	defer conn.Close()
	if err := discover(ctx, conn, s, func() { p.configure(s) }); err != nil {
		return fmt.Errorf("discover at %s: %w", p.Identity.Discovery, err)
	}
	return nil
}

// certify gets a certificate where there is none, or where it is due to be renewed.
func (p *Proxy) certify(ctx context.Context, root []byte) error {
	if c := p.Certificate(); c != nil && time.Now().Before(c.Renew()) {
		return nil
	}
	conn, err := connect(p.Network, p.Identity.CA, root)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", p.Identity.CA, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, signIn)
	defer cancel()
	c, err := sign(ctx, conn, p.SPIFFE, time.Now())
	if err != nil {
		return fmt.Errorf("ask %s: %w", p.Identity.CA, err)
	}
	p.mu.Lock()
	p.certificate = c
	p.mu.Unlock()
	return nil
}

func (p *Proxy) current() (Orders, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ordered == nil {
		p.ordered = make(chan struct{})
	}
	return p.orders, p.ordered
}

func (p *Proxy) configure(s *Session) {
	if s.Configured() {
		p.mu.Lock()
		p.configured = true
		p.mu.Unlock()
	}
}

func (p *Proxy) live() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.configured
}

func (p *Proxy) node() (*corev3.Node, error) {
	m, err := structpb.NewStruct(p.Identity.Metadata)
	if err != nil {
		return nil, err
	}
	return &corev3.Node{Id: p.Identity.ID, Cluster: p.Identity.Cluster, Metadata: m, UserAgentName: "envoy"}, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
