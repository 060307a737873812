// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	adminPort      = 15000
	secretsPath    = "/config_dump?resource=dynamic_active_secrets"
	warmingPath    = "/config_dump?resource=dynamic_warming_secrets"
	longestSecrets = 16 << 20
)

// Certificate asks a pod's Envoy for the certificate that it holds, through a
// port-forward to its admin port, and verifies it against the mesh's roots, and
// against those by which the proxy judges others. One that holds none is asked
// whether it waits for one.
func (c *Cluster) Certificate(ctx context.Context, namespace, pod string) (mesh.Certificate, error) {
	bundle, err := c.rootPEM(ctx, namespace)
	if err != nil {
		return mesh.Certificate{}, err
	}
	at := endpoint{namespace: namespace, name: pod, port: adminPort}
	defer c.pods.shut(at)
	var s secrets
	for _, path := range []string{secretsPath, warmingPath, secretsPath} { // it may come between two questions
		if s.asked {
			break
		}
		if err := c.pods.get(ctx, at, path, c.Patience, longestSecrets, s.read); err != nil {
			return mesh.Certificate{}, fmt.Errorf("ask the proxy of pod %s/%s for its certificate: %w", namespace, pod, err)
		}
	}
	held := s.held(certificates(bundle), c.Now())
	held.Namespace, held.Pod = namespace, pod
	return held, nil
}

// held judges a proxy's secrets by the mesh's roots.
func (s secrets) held(roots []*x509.Certificate, at time.Time) mesh.Certificate {
	chain := certificates(s.chain)
	who, err := verified(chain, roots, at)
	held := mesh.Certificate{Identity: who, Chains: err == nil, Unasked: !s.asked, Trusts: fingerprints(s.roots)}
	if err != nil {
		date, dated := errors.AsType[outOfDate](err)
		held.Problem, held.Early = err.Error(), dated && date.early
	}
	for _, root := range certificates(s.roots) {
		if _, err := verified(chain, []*x509.Certificate{root}, at); err == nil {
			held.Leads = append(held.Leads, fingerprint(root))
		}
	}
	return held
}

// verified returns the identity in a chain's leaf, and why the chain does not
// lead to one of the roots.
func verified(chain, roots []*x509.Certificate, at time.Time) (string, error) {
	if len(chain) == 0 {
		return "", fmt.Errorf("the proxy holds no certificate of its own")
	}
	if len(roots) == 0 {
		return identity(chain[0]), fmt.Errorf("the mesh's root certificate (ConfigMap %s) is not there", rootConfigMap)
	}
	if err := leads(chain, roots, at); err != nil {
		return identity(chain[0]), err
	}
	if identity(chain[0]) == "" {
		return "", fmt.Errorf("the certificate names no SPIFFE identity")
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
