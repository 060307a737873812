// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	adminPort      = 15000
	secretsPath    = "/config_dump?resource=dynamic_active_secrets"
	longestSecrets = 16 << 20
)

// Certificate asks a pod's Envoy for the certificate that it holds, through a
// port-forward to its admin port, and verifies it against the mesh's roots.
func (c *Cluster) Certificate(ctx context.Context, namespace, pod string) (mesh.Certificate, error) {
	bundle, err := c.rootPEM(ctx)
	if err != nil {
		return mesh.Certificate{}, err
	}
	at := endpoint{namespace: namespace, name: pod, port: adminPort}
	defer c.pods.shut(at)
	var chain []byte
	err = c.pods.get(ctx, at, secretsPath, c.Patience, longestSecrets, func(r io.Reader) (err error) {
		chain, err = readSecret(r)
		return err
	})
	if err != nil {
		return mesh.Certificate{}, fmt.Errorf("ask the proxy of pod %s/%s for its certificate: %w", namespace, pod, err)
	}
	held := mesh.Certificate{Namespace: namespace, Pod: pod}
	held.Identity, err = verified(certificates(chain), certificates(bundle), c.Now())
	if held.Chains = err == nil; err != nil {
		held.Problem = err.Error()
	}
	return held, nil
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
