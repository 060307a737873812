// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	securityv1 "istio.io/api/security/v1alpha1"

	"google.golang.org/grpc"
)

// requestedValidity is how long a workload certificate is asked to be good.
const requestedValidity = 24 * time.Hour

// Certificate is a workload's own, as its control plane signed it.
type Certificate struct {
	// Chain is PEM, the workload's certificate first; Root is PEM too.
	Chain, Root []byte
	Leaf        *x509.Certificate
	// Since is when the proxy got it.
	IssuedAt time.Time
}

// RenewAt is when a new one is due: halfway, as pilot-agent does.
func (c *Certificate) RenewAt() time.Time {
	return c.IssuedAt.Add(c.Leaf.NotAfter.Sub(c.IssuedAt) / 2)
}

// requestCertificate gets a certificate for a SPIFFE identity by a real certificate signing
// request (Istio's istio.v1.auth.IstioCertificateService). The last certificate
// of the answer is the root.
func requestCertificate(ctx context.Context, conn *grpc.ClientConn, spiffe string, now time.Time) (*Certificate, error) {
	csr, err := newCSR(spiffe)
	if err != nil {
		return nil, fmt.Errorf("make a certificate signing request for %s: %w", spiffe, err)
	}
	answer, err := securityv1.NewIstioCertificateServiceClient(conn).CreateCertificate(ctx, &securityv1.IstioCertificateRequest{
		Csr: csr, ValidityDuration: int64(requestedValidity / time.Second),
	})
	if err != nil {
		return nil, fmt.Errorf("get a certificate for %s: %w", spiffe, err)
	}
	chain := answer.GetCertChain()
	if len(chain) < 2 {
		return nil, fmt.Errorf("get a certificate for %s: the answer holds %d certificates, not a chain and a root", spiffe, len(chain))
	}
	leaf, err := firstCertificate([]byte(chain[0]))
	if err != nil {
		return nil, fmt.Errorf("read the certificate of %s: %w", spiffe, err)
	}
	return &Certificate{
		Chain: []byte(strings.Join(chain[:len(chain)-1], "")), Root: []byte(chain[len(chain)-1]),
		Leaf: leaf, IssuedAt: now,
	}, nil
}

// newCSR makes a key, which nothing needs afterwards since no traffic flows.
func newCSR(spiffe string) (string, error) {
	id, err := url.Parse(spiffe)
	if err != nil {
		return "", err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{URIs: []*url.URL{id}}, key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), nil
}

// firstCertificate is the first certificate of a PEM text.
func firstCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
