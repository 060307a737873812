// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"time"
)

// Certificates returns the certificates of a PEM bundle in its order.
func Certificates(bundle []byte) []*x509.Certificate {
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

// Fingerprints returns the SHA-256 of each certificate in a PEM bundle, sorted and
// without duplicates. It ignores what is not a certificate.
func Fingerprints(bundle []byte) []string {
	var list []string
	for _, c := range Certificates(bundle) {
		list = append(list, fingerprint(c))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// outOfDate says that a chain leads to the roots, but that a certificate in it is
// not valid at the time. istiod backdates what it signs by two minutes only
// (ClockSkewGracePeriod in security/pkg/pki/util/generate_cert.go @1.29.1): to a
// clock that is further behind a new certificate is not valid yet.
type outOfDate struct {
	early bool // not valid yet; else expired
	err   error
}

func (o outOfDate) Error() string { return "out of date by this machine's clock: " + o.err.Error() }

// verifyChain returns why a chain does not lead to one of the roots for a usage, nil
// if it does. The error is an outOfDate if the dates are the only reason.
func verifyChain(chain, roots []*x509.Certificate, usage x509.ExtKeyUsage, at time.Time) error {
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{usage},
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, first := chain[0].Verify(options)
	err := first
	for range len(chain) + 1 { // each certificate out of date moves the time into its own validity
		dated, is := errors.AsType[x509.CertificateInvalidError](err)
		if !is || dated.Reason != x509.Expired {
			break
		}
		options.CurrentTime = nearestValid(dated.Cert, options.CurrentTime)
		if _, err = chain[0].Verify(options); err == nil {
			return outOfDate{options.CurrentTime.After(at), first}
		}
	}
	return err
}

// nearestValid returns the time nearest to the given one at which a certificate is
// valid.
func nearestValid(c *x509.Certificate, at time.Time) time.Time {
	switch {
	case at.Before(c.NotBefore):
		return c.NotBefore
	case at.After(c.NotAfter):
		return c.NotAfter
	}
	return at
}
