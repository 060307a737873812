// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/mesh"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"math/big"
	"slices"
	"testing"
	"time"
)

// testRoots: discoverySelectors need not select the root namespace. The mesh's root is then
// read where proxies run, and not at all where every control plane is bundled.
func testRoots(t *testing.T, c *fixture) {
	createNamespace(t, c, "rooted", nil)
	root := selfSigned(t)
	_, err := c.api.CoreV1().ConfigMaps("rooted").Create(
		t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: istio.RootConfigMap},
			Data: map[string]string{istio.RootKey: string(root)}},
		client.Creating,
	)
	if err != nil {
		t.Fatal(err)
	}
	pods := []pod{
		{namespace: "unrooted", Pod: mesh.Pod{Sidecar: mesh.Sidecar{Present: true}}},
		{namespace: "rooted", Pod: mesh.Pod{Sidecar: mesh.Sidecar{Present: true}}},
		{namespace: "bare"},
	}
	for _, test := range []struct {
		name   string
		planes []plane
		roots  []byte
		want   []byte
	}{
		{"the root namespace has one", []plane{{revision: "a"}}, []byte("own"), []byte("own")},
		{"it has none", []plane{{revision: "a"}}, nil, root},
		{"one of two is bundled", []plane{{revision: "a"}, {revision: "b", bundled: true}}, nil, root},
		{"all is bundled", []plane{{revision: "b", bundled: true}}, []byte("left over"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &observation{planes: test.planes, roots: test.roots, found: readings{pods: pods}}
			if err := c.reader().readRootsElsewhere(t.Context(), l); err != nil || !bytes.Equal(l.roots, test.want) ||
				!slices.Equal(l.world.Roots, proxy.Fingerprints(test.want)) {
				t.Errorf("got %q, %v", l.roots, err)
			}
		})
	}
}

// selfSigned returns a root certificate in PEM.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}
