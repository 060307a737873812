// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// presentedFor is how long the certificate that an istiod presented is valid for
// further observations.
const presentedFor = time.Minute

// WebhookCall is how the API server calls the webhooks of an istiod: at a port of
// its pod.
type WebhookCall struct {
	Host   string // the name that the certificate has to be valid for
	Port   int
	Bundle []byte // the webhook's caBundle, in PEM
}

// handshake is a TLS handshake with an istiod, by somebody who trusts some roots.
type handshake struct {
	uid   string // of the pod
	port  int
	name  string // by which the istiod is called
	roots [sha256.Size]byte
}

// presented is what an istiod presented.
type presented struct {
	at    time.Time
	chain []*x509.Certificate
}

func (p presented) recent(now time.Time) bool { return now.Sub(p.at) < presentedFor }

// chain returns the certificates that an istiod presents, or presented a short time
// ago to somebody with the same roots: with other roots it may have another one.
func (c *Client) chain(ctx context.Context, p Istiod, port int, name string, roots []byte) ([]*x509.Certificate, error) {
	h := handshake{uid: p.UID, port: port, name: name, roots: sha256.Sum256(roots)}
	c.mu.Lock()
	last, known := c.chains[h]
	c.mu.Unlock()
	if known && last.recent(c.now()) {
		return last.chain, nil
	}
	chain, err := c.pods.CertChain(ctx, c.endpoint(p, port), name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.chains[h] = presented{at: c.now(), chain: chain}
	return chain, nil
}

// presentsToProxies asks an istiod for its certificate, as a proxy does, and notes
// its names and why a proxy that trusts the mesh's roots would not accept it: its
// dates by this machine's clock, or its authority. Where the roots are not known it
// notes the names alone.
func (c *Client) presentsToProxies(ctx context.Context, p Istiod, bundle []byte, i *mesh.Istiod) {
	chain, err := c.chain(ctx, p, discoveryPort, "", bundle)
	if err != nil {
		i.PortClosed = err.Error()
		return
	}
	i.Names = chain[0].DNSNames
	roots := Certificates(bundle)
	if len(roots) == 0 {
		return
	}
	err = verifyChain(chain, roots, x509.ExtKeyUsageAny, c.now())
	if _, dated := errors.AsType[outOfDate](err); dated {
		i.CertificateNotValid = err.Error()
	} else if err != nil {
		i.ForeignRoot = err.Error()
	}
}

// presentsToAPIServer asks an istiod for its certificate, as the API server does when
// it calls a webhook, and notes why the API server would not accept it. A certificate
// that is out of date by this machine's clock alone is accepted here: the API server
// has another clock, and proxies get the same certificate.
func (c *Client) presentsToAPIServer(ctx context.Context, p Istiod, i *mesh.Istiod) {
	for _, w := range p.Webhooks {
		chain, err := c.chain(ctx, p, w.Port, w.Host, w.Bundle)
		if err != nil {
			i.WebhookNotTrusted = cmp.Or(i.WebhookNotTrusted, fmt.Sprintf("port %d: %v", w.Port, err))
			continue
		}
		if err := chain[0].VerifyHostname(w.Host); err != nil {
			i.WebhookNameNotValid = cmp.Or(i.WebhookNameNotValid, err.Error())
		}
		err = verifyChain(chain, Certificates(w.Bundle), x509.ExtKeyUsageServerAuth, c.now())
		if _, dated := errors.AsType[outOfDate](err); err != nil && !dated {
			i.WebhookNotTrusted = cmp.Or(i.WebhookNotTrusted, err.Error())
		}
	}
}
