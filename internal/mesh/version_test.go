// SPDX-License-Identifier: Apache-2.0

package mesh

import "testing"

func TestImageTag(t *testing.T) {
	for image, want := range map[string]string{
		"docker.io/istio/proxyv2:1.29.1":                "1.29.1",
		"localhost:5000/proxyv2":                        "",
		"localhost:5000/proxyv2:1.31.0-distroless":      "1.31.0-distroless",
		"docker.io/istio/proxyv2@sha256:0123":           "",
		"docker.io/istio/proxyv2:1.29.1@sha256:0123456": "1.29.1",
		"auto": "",
	} {
		if got := ImageTag(image); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
}

func TestPlainVersion(t *testing.T) {
	for version, want := range map[string]string{
		"1.31.0":            "1.31.0",
		" v1.31.0":          "1.31.0",
		"1.31.0-distroless": "1.31.0",
		"1.31.0-debug":      "1.31.0",
		"1.32.0-rc.1":       "1.32.0-rc.1",
	} {
		if got := PlainVersion(version); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
}

func TestConfiguresEveryGateway(t *testing.T) {
	for _, c := range []struct {
		version string
		want    bool
	}{
		{"1.28.9", false}, {"1.29.1", false}, {"1.29.5", true}, {"1.29.10-distroless", true}, {"1.30.1", false}, {"v1.30.2", true},
		{"1.31.0", true}, {"1.31.0-rc.1", true}, {"2.0.0", true}, {"main", true}, {"", true},
	} {
		t.Run(c.version, func(t *testing.T) {
			if got := ConfiguresEveryGateway(c.version); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
