// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

const (
	// discoveryPort is where proxies come for configuration and certificates:
	// --secureGRPCAddr in pilot/cmd/pilot-discovery/app/cmd.go @1.29.1.
	discoveryPort = 15012

	// presentedFor is how long the certificate that an istiod showed counts.
	presentedFor = time.Minute
)

// presented is what an istiod showed, as it looks to who has these roots.
type presented struct {
	at             time.Time
	roots          [sha256.Size]byte
	stale, foreign string
}

// presents asks an istiod for its certificate as a proxy does. It returns why it
// showed none, and why a proxy that trusts the mesh's roots would turn away from
// it: for its date, by this machine's clock, or for its authority; "" is none.
// Nothing is asked where the roots are not known.
func (c *Cluster) presents(ctx context.Context, p istiodPod, bundle []byte) (shut, stale, foreign string) {
	roots, key := certificates(bundle), sha256.Sum256(bundle)
	if len(roots) == 0 {
		return "", "", ""
	}
	c.mu.Lock()
	last, known := c.presented[p.uid]
	c.mu.Unlock()
	if known && last.roots == key && c.Now().Sub(last.at) < presentedFor {
		return "", last.stale, last.foreign
	}
	chain, err := c.pods.chain(ctx, endpoint{c.Root, p.name, p.uid, discoveryPort}, c.Patience)
	if err != nil {
		return err.Error(), "", ""
	}
	now := presented{at: c.Now(), roots: key}
	err = leads(chain, roots, c.Now())
	if _, dated := errors.AsType[outOfDate](err); dated {
		now.stale = err.Error()
	} else if err != nil {
		now.foreign = err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.presented[p.uid] = now
	return "", now.stale, now.foreign
}

// chain is what a TLS server behind a port of a pod shows of itself. Nothing is
// said to it, and nothing it shows is believed.
func (p *pods) chain(ctx context.Context, at endpoint, patience time.Duration) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	conn, err := p.door(at).forward.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) //nolint:gosec // it is looked at, not trusted
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, why(ctx, err)
	}
	return client.ConnectionState().PeerCertificates, nil
}
