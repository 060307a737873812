// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

func TestProxySettings(t *testing.T) {
	for _, c := range []struct {
		name, config string
		want         mesh.ProxySettings
	}{
		{name: "none", config: ""},
		{name: "unreadable", config: "terminationDrainDuration: ["},
		{name: "drain", config: "terminationDrainDuration: 25s", want: mesh.ProxySettings{Drain: 25 * time.Second}},
		{name: "drain that is no duration", config: "terminationDrainDuration: soon"},
		{
			name: "metadata", config: "proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true', MINIMUM_DRAIN_DURATION: 15s}",
			want: mesh.ProxySettings{ExitOnZero: "true", MinimumDrain: 15 * time.Second},
		},
		{name: "PROXY protocol", config: `{"gatewayTopology": {"proxyProtocol": {}}}`, want: mesh.ProxySettings{ProxyProtocol: true}},
		{name: "another topology", config: `{"gatewayTopology": {"numTrustedProxies": 1}}`},
		{name: "PROXY protocol unset", config: "gatewayTopology: {proxyProtocol: null}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ProxySettings(c.config); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// The mesh configuration of a control plane comes before the one that it shares.
func TestProxySettingsOfAMesh(t *testing.T) {
	var s mesh.ControlPlane
	setMeshConfig(&s, map[string]string{"mesh": "defaultConfig: {terminationDrainDuration: 30s}"},
		map[string]string{"mesh": "defaultConfig: {terminationDrainDuration: 60s, gatewayTopology: {proxyProtocol: {}}}"})
	if want := (mesh.ProxySettings{Drain: 30 * time.Second, ProxyProtocol: true}); s.Proxies != want {
		t.Errorf("got %+v, want %+v", s.Proxies, want)
	}
}

func TestProxyProtocolPatches(t *testing.T) {
	const value = "value: {name: envoy.filters.listener.proxy_protocol}"
	for _, c := range []struct {
		name, patches string
		want          []string
	}{
		{name: "none", patches: "[]"},
		{name: "a listener filter", patches: "[{applyTo: LISTENER_FILTER, patch: {operation: INSERT_FIRST, " + value + "}}]", want: []string{""}},
		{
			name: "in a listener, for a version",
			patches: "[{applyTo: LISTENER, match: {context: GATEWAY, proxy: {proxyVersion: '^1.29.*'}}, " +
				"patch: {operation: MERGE, value: {listener_filters: [{name: envoy.filters.listener.proxy_protocol}]}}}]",
			want: []string{"^1.29.*"},
		},
		{name: "removed", patches: "[{applyTo: LISTENER_FILTER, patch: {operation: REMOVE, " + value + "}}]"},
		{name: "for sidecars", patches: "[{match: {context: SIDECAR_INBOUND}, patch: {operation: INSERT_FIRST, " + value + "}}]"},
		{name: "another filter", patches: "[{patch: {operation: INSERT_FIRST, value: {name: envoy.filters.http.lua}}}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var filter unstructured.Unstructured
			if err := yaml.Unmarshal([]byte("spec: {configPatches: "+c.patches+"}"), &filter.Object); err != nil {
				t.Fatal(err)
			}
			if got := proxyProtocolPatches(filter); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
