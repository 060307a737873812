// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The wait between attempts doubles from the first to the longest.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 2 * time.Second
	// settled is how long a stream lasts before the waits begin anew.
	settled = 5 * time.Second
	signIn  = 10 * time.Second
)

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

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
