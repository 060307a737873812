// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The ConfigMap in which istiod hands the mesh's root certificates to proxies:
// pkg/kube/controllers/namespacecontroller.go and security/pkg/k8s @1.29.1.
const (
	rootConfigMap = "istio-ca-root-cert"
	rootKey       = "root-cert.pem"
)

// lookedIn is in how many namespaces the root is looked for where the root
// namespace has none.
const lookedIn = 8

// rootPEM reads the mesh's root certificates, from the root namespace, else from the
// first of the others that has them and may be read. There are none before the
// first istiod has run.
func (c *Cluster) rootPEM(ctx context.Context, others ...string) ([]byte, error) {
	for _, ns := range append([]string{c.Root}, others...) {
		m, err := c.core.ConfigMaps(ns).Get(ctx, rootConfigMap, metav1.GetOptions{})
		switch {
		case err == nil:
			return []byte(m.Data[rootKey]), nil
		case !apierrors.IsNotFound(err) && (ns == c.Root || !apierrors.IsForbidden(err)):
			return nil, reading("the mesh's root certificate (ConfigMap "+ns+"/"+rootConfigMap+")", err)
		}
	}
	return nil, nil
}

// fingerprints are the SHA-256 of each certificate in a PEM bundle, sorted, each
// once. What is no certificate is left out.
func fingerprints(bundle []byte) []string {
	var list []string
	for _, c := range certificates(bundle) {
		list = append(list, fingerprint(c))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// certificates reads a PEM bundle in its order.
func certificates(bundle []byte) []*x509.Certificate {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return list
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, c)
		}
	}
}
