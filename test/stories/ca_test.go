// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// setCABundle sets the CA bundle of all webhooks of a configuration; nil removes it.
func (l *lab) setCABundle(t *testing.T, configuration string, bundle []byte) {
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

// selfSigned returns a new root certificate and its key.
func selfSigned(t *testing.T) (certificate, secret []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"elsewhere"}},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
		Bytes: private})
}

// plugInCA gives each istiod that starts from now on another CA, by the secret cacerts,
// until the test ends.
func (l *lab) plugInCA(t *testing.T) {
	t.Helper()
	certificate, key := selfSigned(t)
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "cacerts"}, Data: map[string][]byte{
		"ca-cert.pem": certificate, "ca-key.pem": key, "root-cert.pem": certificate, "cert-chain.pem": certificate}}
	if _, err := l.core.Secrets("istio-system").Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.core.Secrets("istio-system").Delete(context.Background(), s.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// issueServingCertificate gives each istiod that starts from now on a serving certificate
// of the mesh's own CA for a name, as cert-manager does, until the test ends.
func (l *lab) issueServingCertificate(t *testing.T, name string) {
	t.Helper()
	ca, err := l.core.Secrets("istio-system").Get(t.Context(), "istio-ca-secret", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := tls.X509KeyPair(ca.Data["ca-cert.pem"], ca.Data["ca-key.pem"])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Leaf, key.Public(), issuer.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "istiod-tls"}, Type: corev1.SecretTypeTLS, Data: map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"ca.crt":  ca.Data["ca-cert.pem"]}}
	if _, err := l.core.Secrets("istio-system").Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.core.Secrets("istio-system").Delete(context.Background(), s.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}
