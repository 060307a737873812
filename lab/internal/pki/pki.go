// SPDX-License-Identifier: Apache-2.0

// Package pki generates the keys of a lab's API server: a certificate authority, a serving
// certificate, the key that signs service account tokens, and the administrator's token.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Keys holds the paths of the key files and the values that a client needs.
type Keys struct {
	CACert, ServerCert, ServerKey, SAPublic, SAPrivate string
	// Tokens is a static token file that makes Token an administrator.
	Tokens string
	Token  string
	// CAPEM is the content of CACert.
	CAPEM []byte
}

// Paths returns the paths that Generate writes in dir. It reads no file.
func Paths(dir string) Keys {
	in := func(name string) string { return filepath.Join(dir, name) }
	return Keys{
		CACert: in("ca.crt"), ServerCert: in("apiserver.crt"), ServerKey: in("apiserver.key"),
		SAPublic: in("sa.pub"), SAPrivate: in("sa.key"), Tokens: in("tokens.csv"),
	}
}

// Generate writes new keys to dir. The serving certificate is valid for the names and addresses in
// hosts.
func Generate(dir string, hosts []string, now time.Time) (Keys, error) {
	k := Paths(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return k, fmt.Errorf("create the key directory: %w", err)
	}
	ca, caKey, err := newCA(now)
	if err != nil {
		return k, fmt.Errorf("generate the certificate authority: %w", err)
	}
	k.CAPEM = encodePEM("CERTIFICATE", ca.Raw)
	serving, servingKey, err := newServingCertificate(ca, caKey, hosts, now)
	if err != nil {
		return k, fmt.Errorf("generate the serving certificate: %w", err)
	}
	public, private, err := newKeyPair()
	if err != nil {
		return k, fmt.Errorf("generate the service account key: %w", err)
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return k, fmt.Errorf("generate the administrator's token: %w", err)
	}
	k.Token = hex.EncodeToString(secret)
	for path, content := range map[string][]byte{
		k.CACert: k.CAPEM, k.ServerCert: serving, k.ServerKey: servingKey,
		k.SAPublic: public, k.SAPrivate: private,
		k.Tokens: []byte(k.Token + `,admin,admin,"system:masters"` + "\n"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return k, fmt.Errorf("write %s: %w", path, err)
		}
	}
	return k, nil
}

func newCA(now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := certificateTemplate("lab", now)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

func newServingCertificate(ca *x509.Certificate, caKey *ecdsa.PrivateKey, hosts []string, now time.Time) (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := certificateTemplate("kube-apiserver", now)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca, k.Public(), caKey)
	if err != nil {
		return nil, nil, err
	}
	kb, err := x509.MarshalPKCS8PrivateKey(k)
	return encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", kb), err
}

// certificateTemplate is valid for one year, and from one hour ago to tolerate clock differences.
func certificateTemplate(name string, now time.Time) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
	}
}

func newKeyPair() (public, private []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	pb, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return nil, nil, err
	}
	kb, err := x509.MarshalPKCS8PrivateKey(k)
	return encodePEM("PUBLIC KEY", pb), encodePEM("PRIVATE KEY", kb), err
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// WriteKubeconfig writes an administrator's kubeconfig for the API server, readable by its owner
// only.
func WriteKubeconfig(path, server string, k Keys) error {
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: admin
  user: {token: %s}
contexts:
- name: lab
  context: {cluster: lab, user: admin}
current-context: lab
`, server, base64.StdEncoding.EncodeToString(k.CAPEM), k.Token)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}
