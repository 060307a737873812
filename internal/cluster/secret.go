// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// The names under which a proxy holds its own certificate and the roots by which it
// judges others (security.WorkloadKeyCertResourceName and RootCertReqResourceName in
// pkg/security/security.go @1.29.1).
const (
	ownSecret   = "default"
	rootsSecret = "ROOTCA"
)

// secretsDump is what Envoy answers at /config_dump?resource=dynamic_active_secrets,
// and at the same for dynamic_warming_secrets: what listeners and clusters ask for and
// has not come (envoy.admin.v3.SecretsConfigDump.DynamicSecret; seen with 1.39.3).
// Private keys are redacted.
type secretsDump struct {
	Configs []struct {
		Name   string `json:"name"`
		Secret struct {
			Name string `json:"name"`
			TLS  struct {
				Chain inline `json:"certificate_chain"`
			} `json:"tls_certificate"`
			Validation struct {
				Trusted inline `json:"trusted_ca"`
				Custom  struct {
					Config struct { // of SPIFFE's validator: extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig
						Domains []struct {
							Bundle inline `json:"trust_bundle"`
						} `json:"trust_domains"`
					} `json:"typed_config"`
				} `json:"custom_validator_config"`
			} `json:"validation_context"`
		} `json:"secret"`
	} `json:"configs"`
}

type inline struct {
	Bytes []byte `json:"inline_bytes"`
}

// secrets are a proxy's own.
type secrets struct {
	asked bool   // for a certificate of its own
	chain []byte // that it presents, PEM
	roots []byte // by which it judges others, PEM
}

// read adds what a dump holds.
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
