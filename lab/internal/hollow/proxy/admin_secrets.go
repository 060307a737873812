// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/x509"
	"encoding/hex"
	"time"
)

const (
	secretsDump = "type.googleapis.com/envoy.admin.v3.SecretsConfigDump"
	// redacted is how Envoy shows a private key: "[redacted]", as base64.
	redacted = "W3JlZGFjdGVkXQ=="
)

// dynamicSecrets are the entries `default` and `ROOTCA` of Envoy's SecretsConfigDump
// (envoy/admin/v3/config_dump_shared.proto); none before there is a certificate.
func dynamicSecrets(c *Certificate) []object {
	if c == nil {
		return []object{}
	}
	at := c.Since.UTC().Format("2006-01-02T15:04:05.000Z")
	entry := func(name, field string, content object) object {
		return object{"name": name, "version_info": at, "last_updated": at, "secret": object{
			"@type": string(Secrets), "name": name, field: content,
		}}
	}
	return []object{
		entry("default", "tls_certificate", object{
			"certificate_chain": object{"inline_bytes": c.Chain}, // JSON makes base64 of bytes
			"private_key":       object{"inline_bytes": redacted},
		}),
		entry("ROOTCA", "validation_context", object{"trusted_ca": object{"inline_bytes": c.Root}}),
	}
}

// certs is Envoy's /certs (envoy/admin/v3/certs.proto).
func certs(c *Certificate, now time.Time) object {
	if c == nil {
		return object{"certificates": []object{}}
	}
	pair := object{"cert_chain": []object{details(c.Leaf, now)}}
	if root, err := first(c.Root); err == nil {
		pair["ca_cert"] = []object{details(root, now)}
	}
	return object{"certificates": []object{pair}}
}

func details(c *x509.Certificate, now time.Time) object {
	names := []object{}
	for _, u := range c.URIs {
		names = append(names, object{"uri": u.String()})
	}
	for _, d := range c.DNSNames {
		names = append(names, object{"dns": d})
	}
	return object{
		"path": "<inline>", "serial_number": hex.EncodeToString(c.SerialNumber.Bytes()), "subject_alt_names": names,
		"days_until_expiration": int(c.NotAfter.Sub(now).Hours() / 24),
		"valid_from":            c.NotBefore.UTC().Format(time.RFC3339), "expiration_time": c.NotAfter.UTC().Format(time.RFC3339),
	}
}
