// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The delay between attempts doubles from minBackoff to maxBackoff.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 2 * time.Second
	// backoffResetAfter is how long a stream must last to reset the delay.
	backoffResetAfter  = 5 * time.Second
	certificateTimeout = 10 * time.Second
)

// Run connects to the control plane, and reconnects, until ctx ends.
func (p *Proxy) Run(ctx context.Context) error {
	node, err := p.node()
	if err != nil {
		return fmt.Errorf("build the node of %s: %w", p.Identity.ID, err)
	}
	session := &Session{Node: node}
	wait := minBackoff
	for ctx.Err() == nil {
		start := time.Now()
		faults, changed := p.currentFaults()
		p.runOnce(ctx, session, faults, changed)
		if time.Since(start) > backoffResetAfter || isClosed(changed) {
			wait = minBackoff
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait = min(2*wait, maxBackoff)
	}
	return nil
}

// runOnce makes one attempt. It returns when the stream ends, the faults change, or the certificate
// must be renewed.
func (p *Proxy) runOnce(ctx context.Context, s *Session, faults Faults, changed <-chan struct{}) {
	if faults.Disconnected {
		select {
		case <-ctx.Done():
		case <-changed:
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.Reject = faults.rejectionReason
	done := make(chan error, 1)
	go func() { done <- p.connectAndStream(ctx, s) }()
	select {
	case err := <-done:
		if ctx.Err() == nil {
			fmt.Fprintf(p.Log, "%s: %v\n", p.Identity.ID, err)
		}
	case <-changed:
		cancel()
		<-done
	}
}

func (p *Proxy) connectAndStream(ctx context.Context, session *Session) error {
	root, err := p.Network.Root(ctx)
	if err != nil {
		return fmt.Errorf("read the root certificate: %w", err)
	}
	token, err := p.Network.Token(ctx)
	if err != nil {
		return fmt.Errorf("request a token: %w", err)
	}
	ctx = withCredentials(ctx, p.Identity.ClusterID, token)
	if err := p.ensureCertificate(ctx, root); err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, p.Certificate().RenewAt())
	defer cancel()
	conn, err := newConnection(p.Network, p.Identity.Discovery, root)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", p.Identity.Discovery, err)
	}
	defer conn.Close()
	if err := runStream(ctx, conn, session, func() { p.updateConfigured(session) }); err != nil {
		return fmt.Errorf("stream from %s: %w", p.Identity.Discovery, err)
	}
	return nil
}

// ensureCertificate requests a certificate if there is none or it must be renewed.
func (p *Proxy) ensureCertificate(ctx context.Context, root []byte) error {
	if c := p.Certificate(); c != nil && time.Now().Before(c.RenewAt()) {
		return nil
	}
	conn, err := newConnection(p.Network, p.Identity.CA, root)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", p.Identity.CA, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, certificateTimeout)
	defer cancel()
	c, err := requestCertificate(ctx, conn, p.SPIFFE, time.Now())
	if err != nil {
		return fmt.Errorf("sign at %s: %w", p.Identity.CA, err)
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
