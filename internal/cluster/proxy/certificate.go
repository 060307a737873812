// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	activeSecretsPath  = "/config_dump?resource=dynamic_active_secrets"
	warmingSecretsPath = "/config_dump?resource=dynamic_warming_secrets"
	secretsLimit       = 16 << 20
)

// Certificate asks a pod's Envoy, at its admin port, for the certificate that it
// holds, and verifies that against the mesh's roots (in PEM) and against those by
// which the proxy verifies others. An Envoy that holds none is asked whether it
// waits for one.
func (c *Client) Certificate(ctx context.Context, namespace, pod string, roots []byte) (mesh.Certificate, error) {
	at := podconn.Endpoint{Namespace: namespace, Name: pod, Port: adminPort}
	defer c.pods.CloseEndpoint(at)
	var s secrets
	for _, path := range []string{activeSecretsPath, warmingSecretsPath, activeSecretsPath} { // the last: it may arrive between the first two
		if s.asked {
			break
		}
		if err := c.pods.Get(ctx, at, path, secretsLimit, s.read); err != nil {
			return mesh.Certificate{}, fmt.Errorf("ask the proxy of pod %s/%s for its certificate: %w", namespace, pod, err)
		}
	}
	certificate := s.certificate(Certificates(roots), c.now())
	certificate.Namespace, certificate.Pod = namespace, pod
	return certificate, nil
}

// certificate verifies a proxy's secrets against the mesh's roots.
func (s secrets) certificate(roots []*x509.Certificate, at time.Time) mesh.Certificate {
	chain := Certificates(s.chain)
	who, err := verifyWorkload(chain, roots, at)
	c := mesh.Certificate{Identity: who, Chains: err == nil, NotNeeded: !s.asked, TrustedRoots: Fingerprints(s.roots)}
	if err != nil {
		date, dated := errors.AsType[outOfDate](err)
		c.Problem, c.NotYetValid = err.Error(), dated && date.early
	}
	for _, root := range Certificates(s.roots) {
		if _, err := verifyWorkload(chain, []*x509.Certificate{root}, at); err == nil {
			c.ChainRoots = append(c.ChainRoots, fingerprint(root))
		}
	}
	return c
}

// verifyWorkload returns the identity in a chain's leaf, and why the chain does not
// lead to one of the roots.
func verifyWorkload(chain, roots []*x509.Certificate, at time.Time) (string, error) {
	if len(chain) == 0 {
		return "", errors.New("the proxy holds no certificate of its own")
	}
	if len(roots) == 0 {
		return identity(chain[0]), fmt.Errorf("the mesh's root certificate (ConfigMap %s) does not exist", istio.RootConfigMap)
	}
	if err := verifyChain(chain, roots, x509.ExtKeyUsageAny, at); err != nil {
		return identity(chain[0]), err
	}
	if identity(chain[0]) == "" {
		return "", errors.New("the certificate has no SPIFFE identity")
	}
	return identity(chain[0]), nil
}

func identity(leaf *x509.Certificate) string {
	for _, uri := range leaf.URIs {
		if uri.Scheme == "spiffe" {
			return uri.String()
		}
	}
	return ""
}
