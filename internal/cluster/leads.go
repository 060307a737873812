// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/x509"
	"errors"
	"time"
)

// outOfDate says that a chain leads to the roots, and that something in it is not
// valid at the time. istiod backdates what it signs by two minutes alone
// (ClockSkewGracePeriod in security/pkg/pki/util/generate_cert.go @1.29.1), so a clock
// that is further behind finds a new certificate not valid yet.
type outOfDate struct {
	early bool // not valid yet; else no more
	err   error
}

func (o outOfDate) Error() string { return "out of date by this machine's clock: " + o.err.Error() }

// leads says why a chain does not lead to one of the roots, nil when it does. Where
// its date alone is in the way it is outOfDate.
func leads(chain, roots []*x509.Certificate, at time.Time) error {
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, first := chain[0].Verify(options)
	err := first
	for range len(chain) + 1 { // each that is out of date moves the time into its own
		dated, is := errors.AsType[x509.CertificateInvalidError](err)
		if !is || dated.Reason != x509.Expired {
			break
		}
		options.CurrentTime = within(dated.Cert, options.CurrentTime)
		if _, err = chain[0].Verify(options); err == nil {
			return outOfDate{options.CurrentTime.After(at), first}
		}
	}
	return err
}

// within is the time nearest to the given one at which a certificate is valid.
func within(c *x509.Certificate, at time.Time) time.Time {
	switch {
	case at.Before(c.NotBefore):
		return c.NotBefore
	case at.After(c.NotAfter):
		return c.NotAfter
	}
	return at
}
