// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"slices"
	"testing"
)

func TestIstiodHosts(t *testing.T) {
	const own, root = "istiod-1-31-0.istio-system.svc", "istio-system"
	for _, test := range []struct {
		name, mesh, shared, values string
		want                       []string
	}{
		{"as the chart renders it", "defaultConfig: {discoveryAddress: 'istiod-1-31-0.istio-system.svc:15012'}", "", "global: {caAddress: ''}",
			[]string{own, own}},
		{"another certificate authority", "defaultConfig: {discoveryAddress: 'istiod-1-31-0.istio-system.svc:15012'}", "",
			"global: {caAddress: 'cert-manager-istio-csr.cert-manager.svc:443'}", []string{own}},
		{"another istiod issues certificates", "{}", "", "global: {caAddress: 'istiod-ca.istio-system.svc:15012'}",
			[]string{"istiod.istio-system.svc", "istiod-ca.istio-system.svc"}},
		{"address in the shared configuration", "{}", "defaultConfig: {discoveryAddress: 'istiod.example.com:15012'}", "",
			[]string{"istiod.example.com"}},
		{"name replaced", "defaultConfig: {discoveryAddress: '10.0.0.1:15012', proxyMetadata: {ISTIOD_SAN: istiod.example.com}}", "", "",
			[]string{"istiod.example.com"}},
		{"no TLS", "defaultConfig: {controlPlaneAuthPolicy: NONE}", "", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := append(discoveryHosts(membershipIn(test.mesh).Proxies, membershipIn(test.shared).Proxies),
				authorityHosts(test.values, "1-31-0", root)...)
			if !slices.Equal(got, test.want) {
				t.Errorf("hosts: got %q, want %q", got, test.want)
			}
		})
	}
}
