// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/x509"
	"encoding/hex"
	"time"
)

const (
	secretsDumpType = "type.googleapis.com/envoy.admin.v3.SecretsConfigDump"
	// redactedBase64 is Envoy's "[redacted]" for private keys, in base64.
	redactedBase64 = "W3JlZGFjdGVkXQ=="
)

// secretEntries returns the entries `default` and `ROOTCA` of Envoy's SecretsConfigDump
// (envoy/admin/v3/config_dump_shared.proto), or none without a certificate.
func secretEntries(c *Certificate) []jsonObject {
	if c == nil {
		return []jsonObject{}
	}
	at := c.IssuedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	entry := func(name, field string, content jsonObject) jsonObject {
		return jsonObject{"name": name, "version_info": at, "last_updated": at, "secret": jsonObject{
			"@type": string(Secrets), "name": name, field: content,
		}}
	}
	return []jsonObject{
		entry("default", "tls_certificate", jsonObject{
			"certificate_chain": jsonObject{"inline_bytes": c.Chain}, // JSON encodes bytes as base64
			"private_key":       jsonObject{"inline_bytes": redactedBase64},
		}),
		entry("ROOTCA", "validation_context", jsonObject{"trusted_ca": jsonObject{"inline_bytes": c.Root}}),
	}
}

// certificateList returns the content of Envoy's /certs (envoy/admin/v3/certs.proto).
func certificateList(c *Certificate, now time.Time) jsonObject {
	if c == nil {
		return jsonObject{"certificates": []jsonObject{}}
	}
	pair := jsonObject{"cert_chain": []jsonObject{certificateDetails(c.Leaf, now)}}
	if root, err := firstCertificate(c.Root); err == nil {
		pair["ca_cert"] = []jsonObject{certificateDetails(root, now)}
	}
	return jsonObject{"certificates": []jsonObject{pair}}
}

func certificateDetails(c *x509.Certificate, now time.Time) jsonObject {
	names := []jsonObject{}
	for _, u := range c.URIs {
		names = append(names, jsonObject{"uri": u.String()})
	}
	for _, d := range c.DNSNames {
		names = append(names, jsonObject{"dns": d})
	}
	return jsonObject{
		"path": "<inline>", "serial_number": hex.EncodeToString(c.SerialNumber.Bytes()), "subject_alt_names": names,
		"days_until_expiration": int(c.NotAfter.Sub(now).Hours() / 24),
		"valid_from":            c.NotBefore.UTC().Format(time.RFC3339), "expiration_time": c.NotAfter.UTC().Format(time.RFC3339),
	}
}
