// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
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
	at      time.Time
	roots   [sha256.Size]byte
	foreign string
}

// presents asks an istiod for its certificate as a proxy does. It returns why it
// showed none, and why a proxy that trusts the mesh's roots would turn away from
// it; "" is none. Nothing is asked where the roots are not known.
func (c *Cluster) presents(ctx context.Context, p istiodPod, bundle []byte) (shut, foreign string) {
	roots, key := certificates(bundle), sha256.Sum256(bundle)
	if len(roots) == 0 {
		return "", ""
	}
	c.mu.Lock()
	last, known := c.presented[p.uid]
	c.mu.Unlock()
	if known && last.roots == key && c.Now().Sub(last.at) < presentedFor {
		return "", last.foreign
	}
	chain, err := c.pods.chain(ctx, endpoint{c.Root, p.name, p.uid, discoveryPort}, c.Patience)
	if err != nil {
		return err.Error(), ""
	}
	now := presented{at: c.Now(), roots: key}
	if err := leads(chain, roots, c.Now()); err != nil {
		now.foreign = err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.presented[p.uid] = now
	return "", now.foreign
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

// leads says why a chain does not lead to one of the roots, nil when it does.
func leads(chain, roots []*x509.Certificate, at time.Time) error {
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(options)
	return err
}
