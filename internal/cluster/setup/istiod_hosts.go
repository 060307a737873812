// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"cmp"
	"net"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/istio"
)

// proxyConfig is the part of a proxy's configuration that is read: where it finds istiod,
// and what matters when a gateway is moved.
type proxyConfig struct {
	Address  string            `json:"discoveryAddress"`
	Auth     string            `json:"controlPlaneAuthPolicy"`
	Metadata map[string]string `json:"proxyMetadata"`
	Drain    string            `json:"terminationDrainDuration"`
	Topology struct {
		ProxyProtocol any `json:"proxyProtocol"` // an empty object, if it is set
	} `json:"gatewayTopology"`
}

// defaultDiscovery is Istio's default of discoveryAddress: pkg/config/mesh/mesh.go @1.29.1.
const defaultDiscovery = istio.App + "." + istio.DefaultRoot + ".svc:15012"

// discoveryHosts returns the name that proxies verify in istiod's certificate when they
// ask for configuration, none where they use no TLS. What the first does not set comes
// from the second. ISTIOD_SAN replaces the host of the address
// (pkg/istio-agent/xds_proxy.go @1.29.1).
func discoveryHosts(above, below proxyConfig) []string {
	const san = "ISTIOD_SAN"
	if cmp.Or(above.Auth, below.Auth) == "NONE" {
		return nil
	}
	if name := cmp.Or(above.Metadata[san], below.Metadata[san]); name != "" {
		return []string{name}
	}
	return []string{hostOf(cmp.Or(above.Address, below.Address, defaultDiscovery))}
}

// authorityHosts returns the name that proxies verify in istiod's certificate when they
// ask for their own, from the values of the injector: the variable CA_ADDR in
// injection-template.yaml @1.29.1. It returns none if another server issues certificates.
func authorityHosts(values, revision, root string) []string {
	var v struct {
		Global struct {
			Address string `json:"caAddress"`
		} `json:"global"`
	}
	if values == "" || yaml.Unmarshal([]byte(values), &v) != nil {
		return nil
	}
	host := hostOf(cmp.Or(v.Global.Address, istio.Revisioned(istio.App, revision)+"."+root+".svc:15012"))
	if name, rest, _ := strings.Cut(host, "."); !strings.HasPrefix(name, istio.App) || !strings.HasPrefix(rest, root+".svc") {
		return nil
	}
	return []string{host}
}

// hostOf returns the host of an address.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
