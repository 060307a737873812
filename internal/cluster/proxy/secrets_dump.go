// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// The names of a proxy's own certificate and of the roots by which it verifies
// others (security.WorkloadKeyCertResourceName and RootCertReqResourceName in
// pkg/security/security.go @1.29.1).
const (
	ownSecret   = "default"
	rootsSecret = "ROOTCA"
)

// secretsDump is Envoy's answer at /config_dump?resource=dynamic_active_secrets, and
// for dynamic_warming_secrets, which listeners and clusters wait for
// (envoy.admin.v3.SecretsConfigDump.DynamicSecret; seen with 1.39.3). It has no
// private keys.
type secretsDump struct {
	Configs []struct {
		Name   string `json:"name"`
		Secret struct {
			Name string `json:"name"`
			TLS  struct {
				Chain inlineBytes `json:"certificate_chain"`
			} `json:"tls_certificate"`
			Validation struct {
				Trusted inlineBytes `json:"trusted_ca"`
				Custom  struct {
					Config struct { // of SPIFFE's validator: extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig
						Domains []struct {
							Bundle inlineBytes `json:"trust_bundle"`
						} `json:"trust_domains"`
					} `json:"typed_config"`
				} `json:"custom_validator_config"`
			} `json:"validation_context"`
		} `json:"secret"`
	} `json:"configs"`
}

type inlineBytes struct {
	Bytes []byte `json:"inline_bytes"`
}

// secrets are those of one proxy.
type secrets struct {
	asked bool   // it asked for a certificate of its own
	chain []byte // the certificate that it presents, PEM
	roots []byte // by which it verifies others, PEM
}

// read adds the secrets of a dump.
func (s *secrets) read(r io.Reader) error {
	var dump secretsDump
	if err := json.NewDecoder(r).Decode(&dump); err != nil {
		return fmt.Errorf("read its secrets: %w", err)
	}
	for _, c := range dump.Configs {
		switch cmp.Or(c.Name, c.Secret.Name) {
		case ownSecret:
			s.asked, s.chain = true, c.Secret.TLS.Chain.Bytes
		case rootsSecret:
			s.roots = c.Secret.Validation.Trusted.Bytes
			for _, d := range c.Secret.Validation.Custom.Config.Domains {
				s.roots = slices.Concat(s.roots, []byte("\n"), d.Bundle.Bytes)
			}
		}
	}
	return nil
}
