// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// authority sets the certificate authority of all webhooks of a configuration; nil takes it away.
func (l *lab) authority(t *testing.T, configuration string, bundle []byte) {
	t.Helper()
	hooks := l.objects.Resource(resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"))
	o, err := hooks.Get(t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	list, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, h := range list {
		client := h.(map[string]any)["clientConfig"].(map[string]any)
		if delete(client, "caBundle"); bundle != nil {
			client["caBundle"] = base64.StdEncoding.EncodeToString(bundle)
		}
	}
	if err := unstructured.SetNestedSlice(o.Object, list, "webhooks"); err != nil {
		t.Fatal(err)
	}
	if _, err := hooks.Update(t.Context(), o, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// selfSigned makes a root certificate that nobody else trusts.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"elsewhere"}},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
