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

// requestedValidity is the lifetime requested for workload certificates.
const requestedValidity = 24 * time.Hour

// Certificate is a workload certificate signed by the control plane.
type Certificate struct {
	// Chain is in PEM, with the workload's certificate first. Root is in PEM.
	Chain, Root []byte
	Leaf        *x509.Certificate
	// IssuedAt is when the proxy received the certificate.
	IssuedAt time.Time
}

// RenewAt returns when the certificate must be renewed: after half of its lifetime, as pilot-agent
// does.
func (c *Certificate) RenewAt() time.Time {
	return c.IssuedAt.Add(c.Leaf.NotAfter.Sub(c.IssuedAt) / 2)
}

// requestCertificate requests a certificate for a SPIFFE identity from Istio's
// istio.v1.auth.IstioCertificateService. The last certificate of the response is the root.
func requestCertificate(ctx context.Context, conn *grpc.ClientConn, spiffe string, now time.Time) (*Certificate, error) {
	csr, err := newCSR(spiffe)
	if err != nil {
		return nil, fmt.Errorf("create a certificate signing request for %s: %w", spiffe, err)
	}
	answer, err := securityv1.NewIstioCertificateServiceClient(conn).CreateCertificate(ctx, &securityv1.IstioCertificateRequest{
		Csr: csr, ValidityDuration: int64(requestedValidity / time.Second),
	})
	if err != nil {
		return nil, fmt.Errorf("request a certificate for %s: %w", spiffe, err)
	}
	chain := answer.GetCertChain()
	if len(chain) < 2 {
		return nil, fmt.Errorf("request a certificate for %s: got %d certificates, want a chain and a root", spiffe, len(chain))
	}
	leaf, err := firstCertificate([]byte(chain[0]))
	if err != nil {
		return nil, fmt.Errorf("parse the certificate of %s: %w", spiffe, err)
	}
	return &Certificate{
		Chain: []byte(strings.Join(chain[:len(chain)-1], "")), Root: []byte(chain[len(chain)-1]),
		Leaf: leaf, IssuedAt: now,
	}, nil
}

// newCSR returns a certificate signing request for a new key. The key is dropped, because no
// traffic uses it.
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

// firstCertificate parses the first certificate of a PEM text.
func firstCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not PEM encoded")
	}
	return x509.ParseCertificate(block.Bytes)
}
