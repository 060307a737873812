// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func TestServingCertificateCoversHosts(t *testing.T) {
	now := time.Now()
	k, err := Generate(t.TempDir(), []string{"127.0.0.1", "kubernetes.default"}, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(k.CAPEM)
	b, err := os.ReadFile(k.ServerCert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, host string
		valid      bool
	}{
		{name: "address", host: "127.0.0.1", valid: true},
		{name: "DNS name", host: "kubernetes.default", valid: true},
		{name: "another name", host: "elsewhere", valid: false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: c.host, CurrentTime: now})
			if (err == nil) != c.valid {
				t.Errorf("%s: got error %v, want valid: %t", c.host, err, c.valid)
			}
		})
	}
}

func TestWriteKubeconfig(t *testing.T) {
	dir := t.TempDir()
	k, err := Generate(dir, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kubeconfig")
	if err := WriteKubeconfig(path, "https://127.0.0.1:1", k); err != nil {
		t.Fatal(err)
	}
	c, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "https://127.0.0.1:1" || c.BearerToken != k.Token || string(c.CAData) != string(k.CAPEM) {
		t.Errorf("got config %v, want the generated keys", c)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
}
