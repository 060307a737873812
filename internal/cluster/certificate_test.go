// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signer is a certificate with its key.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func (s *signer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

var serial = int64(0)

// sign makes a certificate under a parent, or a root of its own; with an identity
// it is a leaf.
func sign(t *testing.T, parent *signer, spiffe string, until time.Time) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial++
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: spiffe == "", BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	if spiffe != "" {
		template.URIs = []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: spiffe}}
	}
	by, with := template, key
	if parent != nil {
		by, with = parent.certificate, parent.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), with)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{c, key}
}

func TestVerified(t *testing.T) {
	now := time.Now()
	root, stranger := sign(t, nil, "", now.Add(time.Hour)), sign(t, nil, "", now.Add(time.Hour))
	middle := sign(t, root, "", now.Add(time.Hour))
	leaf, old := sign(t, middle, "/ns/shop/sa/web", now.Add(time.Hour)), sign(t, middle, "/ns/shop/sa/web", now.Add(-time.Hour))
	tests := []struct {
		name    string
		chain   []*signer
		roots   []*signer
		problem string
	}{
		{"good", []*signer{leaf, middle}, []*signer{stranger, root}, ""},
		{"another root", []*signer{leaf, middle}, []*signer{stranger}, "unknown authority"},
		{"no intermediate", []*signer{leaf}, []*signer{root}, "unknown authority"},
		{"out of date", []*signer{old, middle}, []*signer{root}, "expired"},
		{"nothing held", nil, []*signer{root}, "holds no certificate"},
		{"no root", []*signer{leaf, middle}, nil, "is not there"},
	}
	for _, test := range tests {
		who, err := verified(parsed(test.chain), parsed(test.roots), now)
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.problem)
		}
		if len(test.chain) > 0 && who != "spiffe://cluster.local/ns/shop/sa/web" {
			t.Errorf("%s: the identity is %q", test.name, who)
		}
	}
}

func parsed(list []*signer) []*x509.Certificate {
	var bundle []byte
	for _, s := range list {
		bundle = append(bundle, s.pem()...)
	}
	return certificates(bundle)
}

// secrets is what Envoy 1.39 answers at its admin port.
const secrets = `{"configs":[
 {"@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret","name":"ROOTCA","version_info":"1","last_updated":"2026-11-24T11:00:00Z",
  "secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"ROOTCA","validation_context":{"trusted_ca":{"inline_bytes":"Uk9PVA=="}}}},
 {"@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret","name":"default","version_info":"2","last_updated":"2026-11-24T11:00:00Z",
  "secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"default","tls_certificate":{"certificate_chain":{"inline_bytes":"%s"},"private_key":{"inline_bytes":"W3JlZGFjdGVkXQ=="}}}}]}`

func TestSecrets(t *testing.T) {
	chain := sign(t, nil, "", time.Now()).pem()
	got, err := readSecret(strings.NewReader(fmt.Sprintf(secrets, base64.StdEncoding.EncodeToString(chain))))
	if err != nil || !bytes.Equal(got, chain) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := readSecret(strings.NewReader(`{}`)); err != nil || got != nil {
		t.Errorf("a proxy without secrets gave %q, %v", got, err)
	}
	if _, err := readSecret(strings.NewReader(`upstream connect error`)); err == nil {
		t.Error("what is no dump was read as one")
	}
}

func TestFingerprints(t *testing.T) {
	a, b := sign(t, nil, "", time.Now()), sign(t, nil, "", time.Now())
	bundle := bytes.Join([][]byte{a.pem(), b.pem(), a.pem(), []byte("rubbish")}, nil)
	if got := fingerprints(bundle); len(got) != 2 || len(got[0]) != 64 {
		t.Errorf("got %v", got)
	}
	if got := fingerprints(nil); got != nil {
		t.Errorf("an empty bundle has %v", got)
	}
}
