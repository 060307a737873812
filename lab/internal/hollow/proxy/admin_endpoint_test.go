// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// The answers are parsed strictly as Envoy's own messages.
func TestAdminMatchesEnvoyMessages(t *testing.T) {
	c := testCertificate(t)
	p := &Proxy{Identity: Identity{ID: "n", Version: "1.31.0"}, certificate: c, configured: true}
	s := httptest.NewServer(p.Admin())
	defer s.Close()

	var dump adminv3.ConfigDump
	if err := protojson.Unmarshal(getBody(t, s.URL+"/config_dump", 200), &dump); err != nil {
		t.Fatalf("parse /config_dump: %v", err)
	}
	var secrets adminv3.SecretsConfigDump
	if err := dump.Configs[0].UnmarshalTo(&secrets); err != nil {
		t.Fatal(err)
	}
	if n := len(secrets.DynamicActiveSecrets); n != 2 {
		t.Fatalf("got %d secrets, want default and ROOTCA", n)
	}
	var certificate, root tlsv3.Secret
	for i, to := range []*tlsv3.Secret{&certificate, &root} {
		if err := secrets.DynamicActiveSecrets[i].Secret.UnmarshalTo(to); err != nil {
			t.Fatal(err)
		}
	}
	if certificate.Name != "default" || string(certificate.GetTlsCertificate().GetCertificateChain().GetInlineBytes()) != string(c.Chain) {
		t.Error("secret default: got another certificate, want the proxy's")
	}
	if got := string(certificate.GetTlsCertificate().GetPrivateKey().GetInlineBytes()); got != "[redacted]" {
		t.Errorf("private key: got %q, want [redacted]", got)
	}
	if root.Name != "ROOTCA" || string(root.GetValidationContext().GetTrustedCa().GetInlineBytes()) != string(c.Root) {
		t.Error("secret ROOTCA: got another certificate, want the mesh's root")
	}

	var certs adminv3.Certificates
	if err := protojson.Unmarshal(getBody(t, s.URL+"/certs", 200), &certs); err != nil {
		t.Fatalf("parse /certs: %v", err)
	}
	if got := certs.Certificates[0].CertChain[0].SubjectAltNames[0].GetUri(); got != "spiffe://cluster.local/ns/shop/sa/web" {
		t.Errorf("/certs: got SAN %q, want the workload's SPIFFE ID", got)
	}
	if got := string(getBody(t, s.URL+"/ready", 200)); got != "LIVE\n" {
		t.Errorf("/ready: got %q, want LIVE", got)
	}
}

func TestAdminBeforeFirstConfiguration(t *testing.T) {
	s := httptest.NewServer((&Proxy{}).Admin())
	defer s.Close()
	getBody(t, s.URL+"/ready", http.StatusServiceUnavailable)
	var dump adminv3.ConfigDump
	if err := protojson.Unmarshal(getBody(t, s.URL+"/config_dump", 200), &dump); err != nil {
		t.Errorf("parse /config_dump: %v", err)
	}
	if got := string(getBody(t, s.URL+"/certs", 200)); got != "{\n \"certificates\": []\n}\n" {
		t.Errorf("/certs: got %s, want no certificates", got)
	}
}

func getBody(t *testing.T, url string, want int) []byte {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s: got %s, %v, want %d", url, res.Status, err, want)
	}
	return b
}

func testCertificate(t *testing.T) *Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	id, _ := url.Parse("spiffe://cluster.local/ns/shop/sa/web")
	der, err := x509.CreateCertificate(rand.Reader,
		&x509.Certificate{SerialNumber: big.NewInt(7), URIs: []*url.URL{id}, NotBefore: now, NotAfter: now.Add(24 * time.Hour)},
		&x509.Certificate{SerialNumber: big.NewInt(8)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &Certificate{Chain: text, Root: append([]byte{}, text...), Leaf: leaf, IssuedAt: now}
}
