// SPDX-License-Identifier: Apache-2.0

package proxy

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
	"slices"
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

// sign returns a certificate under a parent, or a root of its own; with an identity
// it is a leaf.
func sign(t *testing.T, parent *signer, spiffe string, until time.Time) *signer {
	t.Helper()
	template := &x509.Certificate{NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IsCA: spiffe == ""}
	if spiffe != "" {
		template.URIs = []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: spiffe}}
	}
	return signed(t, parent, template)
}

// signServer returns a leaf for a usage and names, under a parent.
func signServer(t *testing.T, parent *signer, usage x509.ExtKeyUsage, names ...string) *signer {
	t.Helper()
	return signed(t, parent, &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage}, DNSNames: names,
	})
}

func signed(t *testing.T, parent *signer, template *x509.Certificate) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial++
	template.SerialNumber, template.BasicConstraintsValid = big.NewInt(serial), true
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign
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

func TestVerifyWorkload(t *testing.T) {
	now := time.Now()
	root, other := sign(t, nil, "", now.Add(time.Hour)), sign(t, nil, "", now.Add(time.Hour))
	middle := sign(t, root, "", now.Add(time.Hour))
	leaf, old := sign(t, middle, "/ns/shop/sa/web", now.Add(time.Hour)), sign(t, middle, "/ns/shop/sa/web", now.Add(-time.Hour))
	tests := []struct {
		name    string
		chain   []*signer
		roots   []*signer
		problem string
	}{
		{"good", []*signer{leaf, middle}, []*signer{other, root}, ""},
		{"another root", []*signer{leaf, middle}, []*signer{other}, "unknown authority"},
		{"no intermediate", []*signer{leaf}, []*signer{root}, "unknown authority"},
		{"out of date", []*signer{old, middle}, []*signer{root}, "expired"},
		{"nothing held", nil, []*signer{root}, "holds no certificate"},
		{"no root", []*signer{leaf, middle}, nil, "does not exist"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			who, err := verifyWorkload(parsed(test.chain), parsed(test.roots), now)
			if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v, want %q", err, test.problem)
			}
			if len(test.chain) > 0 && who != "spiffe://cluster.local/ns/shop/sa/web" {
				t.Errorf("the identity is %q", who)
			}
		})
	}
}

func parsed(list []*signer) []*x509.Certificate {
	var bundle []byte
	for _, s := range list {
		bundle = append(bundle, s.pem()...)
	}
	return Certificates(bundle)
}

// activeSecrets is what Envoy 1.39 answers at its admin port.
const activeSecrets = `{"configs":[
 {"name":"ROOTCA","version_info":"1","last_updated":"2026-11-24T11:00:00Z",
  "@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret",
  "secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"ROOTCA",
   "validation_context":{"trusted_ca":{"inline_bytes":"Uk9PVA=="}}}},
 {"name":"default","version_info":"2","last_updated":"2026-11-24T11:00:00Z",
  "@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret",
  "secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"default",
   "tls_certificate":{"certificate_chain":{"inline_bytes":"%s"},"private_key":{"inline_bytes":"W3JlZGFjdGVkXQ=="}}}}]}`

func TestSecrets(t *testing.T) {
	chain := sign(t, nil, "", time.Now()).pem()
	var got secrets
	err := got.read(strings.NewReader(fmt.Sprintf(activeSecrets, base64.StdEncoding.EncodeToString(chain))))
	if err != nil || !got.asked || !bytes.Equal(got.chain, chain) || string(got.roots) != "ROOT" {
		t.Errorf("got %+v, %v", got, err)
	}
	got = secrets{}
	if err := got.read(strings.NewReader(`{}`)); err != nil || got.asked || got.chain != nil {
		t.Errorf("a proxy without secrets gave %+v, %v", got, err)
	}
	const waits = `{"configs":[{"name":"default","version_info":"uninitialized","secret":{"name":"default"}}]}`
	if err := got.read(strings.NewReader(waits)); err != nil || !got.asked || got.chain != nil {
		t.Errorf("a proxy that waits for its certificate gave %+v, %v", got, err)
	}
	if err := got.read(strings.NewReader(`upstream connect error`)); err == nil {
		t.Error("what is no dump was read as one")
	}
	spiffe := `{"configs":[{"name":"ROOTCA","secret":{"validation_context":{"custom_validator_config":{"typed_config":{"trust_domains":[
		{"name":"a","trust_bundle":{"inline_bytes":"Uk9PVA=="}},{"name":"b","trust_bundle":{"inline_bytes":"Uk9PVA=="}}]}}}}}]}`
	if err := got.read(strings.NewReader(spiffe)); err != nil || string(got.roots) != "\nROOT\nROOT" {
		t.Errorf("the roots of SPIFFE's validator are %q, %v", got.roots, err)
	}
}

// In a mesh whose CA for workloads is not istiod's the ConfigMap has istiod's root
// alone. The certificate also lists the roots, of those that the proxy trusts, to
// which it leads.
func TestCertificateOfOtherAuthority(t *testing.T) {
	now := time.Now()
	istiod, spire, other := sign(t, nil, "", now.Add(time.Hour)), sign(t, nil, "", now.Add(time.Hour)), sign(t, nil, "", now.Add(time.Hour))
	leaf := sign(t, spire, "/ns/shop/sa/web", now.Add(time.Hour))
	s := secrets{asked: true, chain: leaf.pem(), roots: slices.Concat(other.pem(), spire.pem())}
	c := s.certificate(Certificates(istiod.pem()), now)
	if c.Chains || c.Problem == "" || len(c.TrustedRoots) != 2 || !slices.Equal(c.ChainRoots, []string{fingerprint(spire.certificate)}) {
		t.Errorf("got %+v", c)
	}
	if c := s.certificate(Certificates(istiod.pem()), now.Add(2*time.Hour)); len(c.ChainRoots) > 0 {
		t.Errorf("out of date got %+v", c)
	}
	if c := (secrets{}).certificate(Certificates(istiod.pem()), now); !c.NotNeeded || c.Chains || len(c.ChainRoots) > 0 {
		t.Errorf("a proxy that asks for none comes out as %+v", c)
	}
	if c := (secrets{asked: true}).certificate(Certificates(istiod.pem()), now); c.NotNeeded || c.Chains || c.Problem == "" {
		t.Errorf("a proxy that waits for one comes out as %+v", c)
	}
}

func TestFingerprints(t *testing.T) {
	a, b := sign(t, nil, "", time.Now()), sign(t, nil, "", time.Now())
	bundle := bytes.Join([][]byte{a.pem(), b.pem(), a.pem(), []byte("rubbish")}, nil)
	if got := Fingerprints(bundle); len(got) != 2 || len(got[0]) != 64 {
		t.Errorf("got %v", got)
	}
	if got := Fingerprints(nil); got != nil {
		t.Errorf("an empty bundle has %v", got)
	}
}
