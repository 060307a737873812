// SPDX-License-Identifier: Apache-2.0

package sensitive

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nAbCdEfGhIjKlMnOp\n-----END PRIVATE KEY-----\n"
	jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)

func TestKeyLooksSecret(t *testing.T) {
	tests := []struct {
		keys []string
		want bool
	}{
		{want: true, keys: []string{
			"password", "adminPassword", "DB_PASSWORD", "DBPASSWORD", "passwd", "token", "apiToken", "API_TOKEN", "secret", "clientSecret",
			"AWS_SECRET_ACCESS_KEY", "secretKey", "apiKey", "apikey", "tlsKey", "tls.key", "private-key", "credentials", "caCert", "tls.crt",
			"certificate", "ca.pem", "auth", "jwt", "jwks", "keystore", "redis-passphrase", "example.com/api-token",
		}},
		{want: false, keys: []string{
			"hub", "tag", "replicaCount", "accessLogFile", "PILOT_ENABLE_ALPN_FILTER", "imagePullSecrets", "secretName", "jwtPolicy",
			"pilotCertProvider", "certSigners", "tokenAudience", "aud", "TOKEN_ISSUER", "CITADEL_SELF_SIGNED_CA_CERT_TTL", "keepalive",
			"keyPrefix", "AUTH_POLICY", "monkey", "trustDomain", "caAddress",
		}},
	}
	for _, tt := range tests {
		for _, key := range tt.keys {
			t.Run(key, func(t *testing.T) {
				if got := Key(key); got != tt.want {
					t.Errorf("Key(%q) = %t, want %t", key, got, tt.want)
				}
			})
		}
	}
}

func TestTextLooksSecret(t *testing.T) {
	tests := []struct {
		name string
		text string
		want bool
	}{
		{name: "PEM", text: pem, want: true},
		{name: "JWT", text: jwt, want: true},
		{name: "URL with a password", text: "https://user:hunter2@example.com/charts", want: true},
		{name: "URL with a token", text: "https://t0ken@example.com", want: true},
		{name: "bearer", text: "Authorization: Bearer abcdef123456", want: true},
		{name: "base64", text: "c3VwZXJzZWNyZXRwYXNzd29yZDEyMzQ1Njc4OTA=", want: true},
		{name: "hexadecimal", text: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", want: true},
		{name: "password within a text", text: "redis:\n  password: hunter2\n", want: true},
		{name: "known token", text: "ghp_abcdefghijklmnopqrst", want: true},
		{name: "URL", text: "https://istio-release.storage.googleapis.com/charts", want: false},
		{name: "image", text: "docker.io/istio/pilot@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", want: false},
		{name: "address", text: "istiod-1-29-1.istio-system.svc:15012", want: false},
		{name: "long name", text: "outbound-traffic-policy-of-the-mesh-registry-only", want: false},
		{name: "SPIFFE", text: "spiffe://cluster.local/ns/shop/sa/cart", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.text); got != tt.want {
				t.Errorf("Text(%q) = %t, want %t", tt.text, got, tt.want)
			}
		})
	}
}

func TestLinesMaskSecrets(t *testing.T) {
	got := Lines(map[string]any{
		"hub":         "example.com/mine",
		"password":    "hunter2",
		"pin":         map[string]any{},
		"credentials": map[string]any{"user": "admin", "enabled": true},
		"global":      map[string]any{"sds": map[string]any{"token": map[string]any{"aud": "istio-ca"}}, "imagePullSecrets": []any{"regcred"}},
		"pilot": map[string]any{"env": map[string]any{"A": "b", "API_TOKEN": int64(12345)},
			"extra": []any{map[string]any{"name": "DB_PASSWORD", "value": "hunter2"}}},
		"meshConfig": map[string]any{"ca": pem, "services": []any{"a", "b"}},
	})
	want := []string{
		"credentials.enabled=true", "credentials.user=(masked)", "global.imagePullSecrets=[regcred]", "global.sds.token.aud=istio-ca",
		"hub=example.com/mine", "meshConfig.ca=(masked)", "meshConfig.services=[a b]", "password=(masked)",
		"pilot.env.A=b", "pilot.env.API_TOKEN=(masked)", "pilot.extra=(masked)", "pin=map[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestRedactorMasksSecretsInText(t *testing.T) {
	r := NewRedactor(map[string]any{"password": `hunter2"x`, "tls": map[string]any{"key": pem}, "hub": "example.com"},
		map[string]any{"list": []any{map[string]any{"name": "API_TOKEN", "value": "t0ps3cret"}}})
	cause := fmt.Errorf("render: %q, hunter2\"x, t0ps3cret from example.com:\n  MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", `hunter2"x`)
	err := r.Error(fmt.Errorf("install: %w", cause))
	for _, secret := range []string{"hunter2", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "t0ps3cret"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("got %q, which contains %s", err, secret)
		}
	}
	if !strings.Contains(err.Error(), "example.com") || !errors.Is(err, cause) {
		t.Errorf("got %q, want the rest of the text, wrapping the cause", err)
	}
	if plain := errors.New("no secret in it"); r.Error(plain) != plain || r.Error(nil) != nil {
		t.Error("an error without a secret was changed")
	}
	if got := (Redactor{}).Text("hunter2"); got != "hunter2" {
		t.Errorf("the empty redactor returned %q", got)
	}
}
