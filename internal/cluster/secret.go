// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
	"io"
)

// ownSecret is the name under which a proxy holds its own certificate
// (security.WorkloadKeyCertResourceName in pkg/security/security.go @1.29.1).
const ownSecret = "default"

// secretsDump is what Envoy answers at /config_dump?resource=dynamic_active_secrets
// (envoy.admin.v3.SecretsConfigDump.DynamicSecret); private keys are redacted.
type secretsDump struct {
	Configs []struct {
		Name   string `json:"name"`
		Secret struct {
			Name string `json:"name"`
			TLS  struct {
				Chain struct {
					Bytes []byte `json:"inline_bytes"`
				} `json:"certificate_chain"`
			} `json:"tls_certificate"`
		} `json:"secret"`
	} `json:"configs"`
}

// readSecret returns the chain that the proxy presents, in PEM; none when it
// holds no certificate of its own.
func readSecret(r io.Reader) ([]byte, error) {
	var dump secretsDump
	if err := json.NewDecoder(r).Decode(&dump); err != nil {
		return nil, fmt.Errorf("read its secrets: %w", err)
	}
	for _, c := range dump.Configs {
		if c.Name == ownSecret || c.Secret.Name == ownSecret {
			return c.Secret.TLS.Chain.Bytes, nil
		}
	}
	return nil, nil
}
