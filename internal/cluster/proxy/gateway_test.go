// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

func TestConnections(t *testing.T) {
	for text, want := range map[string]mesh.Traffic{
		"server.total_connections: 0\n":       {Idle: true, Evidence: "0 open connections"},
		"server.total_connections: 3\n":       {Evidence: "3 open connections"},
		"server.total_connections_other: 0\n": {Evidence: "its proxy does not report server.total_connections, so its connections are not known"},
	} {
		got, err := readConnections(strings.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// configOf reads dumps as an Envoy answers them, by the fields that it is asked for.
func configOf(t *testing.T, dumps map[string]string) mesh.ProxyConfig {
	t.Helper()
	config := mesh.ProxyConfig{}
	for _, d := range resourceDumps {
		if err := d.addTo(config, strings.NewReader(`{"configs":[`+dumps[d.field]+`]}`)); err != nil {
			t.Fatal(err)
		}
	}
	return config
}

const oldGateway = `{"version_info":"2026-11-30T01:00:00Z/1","cluster":{"@type":"c","name":"outbound|80||a","type":"EDS",
	"load_assignment":{"endpoints":[{"lb_endpoints":[{"metadata":{"m":"1"},"endpoint":{"address":"10.0.0.1"}}]}]}},"last_updated":"t1"}`

func TestConfigurationDifferences(t *testing.T) {
	listener := `{"name":"0.0.0.0_8080","active_state":{"version_info":"1","listener":{"@type":"l","name":"0.0.0.0_8080","x":1}}}`
	secret := `{"name":"kubernetes://edge-cert","version_info":"1","secret":{"name":"s","tls_certificate":{"certificate_chain":"AAA"}}},
		{"name":"default","secret":{"tls_certificate":"own 1"}}`
	before := map[string]string{"dynamic_listeners": listener, "dynamic_active_clusters": oldGateway, "dynamic_active_secrets": secret,
		"dynamic_route_configs": `{"route_config":{"name":"http.8080","virtual_hosts":[1]}}`}
	old := configOf(t, before)
	if len(old) != 4 {
		t.Fatalf("read %v, want a listener, a route, a cluster and a secret", old)
	}
	for _, tc := range []struct {
		name, field, dump string
		want              mesh.ConfigDifferences
	}{
		{name: "what differs between versions", field: "dynamic_active_clusters", dump: strings.NewReplacer(`"type":"EDS"`,
			`"common_lb_config":{"healthy_panic_threshold":{"value":0}},"type":"EDS"`, `"m":"1"`, `"m":"2"`, "01:00", "02:00", "t1", "t2").
			Replace(oldGateway)},
		{name: "own certificate", field: "dynamic_active_secrets", dump: strings.Replace(secret, "own 1", "own 2", 1)},
		{name: "another certificate", field: "dynamic_active_secrets", dump: strings.Replace(secret, "AAA", "BBB", 1),
			want: mesh.ConfigDifferences{Secrets: []string{"secret edge-cert"}}},
		{name: "another cluster type", field: "dynamic_active_clusters", dump: strings.Replace(oldGateway, "EDS", "STATIC", 1),
			want: mesh.ConfigDifferences{Changed: []string{"cluster outbound|80||a (type)"}}},
		{name: "another endpoint", field: "dynamic_active_clusters", dump: strings.Replace(oldGateway, "10.0.0.1", "10.0.0.2", 1),
			want: mesh.ConfigDifferences{Changed: []string{"cluster outbound|80||a (load_assignment)"}}},
		{name: "listener drains", field: "dynamic_listeners", dump: strings.Replace(listener, "active_state", "draining_state", 1),
			want: mesh.ConfigDifferences{Missing: []string{"listener 0.0.0.0_8080"}}},
		{name: "another route", field: "dynamic_route_configs", dump: `{"route_config":{"name":"http.8081"}}`,
			want: mesh.ConfigDifferences{Missing: []string{"route http.8080"}, Added: []string{"route http.8081"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dumps := maps.Clone(before)
			dumps[tc.field] = tc.dump
			got := configOf(t, dumps).DifferencesFrom(old)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A key's order does not matter, its value does.
func TestDigestOf(t *testing.T) {
	digest := func(text string) string {
		d, err := digestOf(json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if digest(`{"a":1,"b":2}`) != digest(`{"b":2,"a":1}`) || digest(`{"a":1}`) == digest(`{"a":2}`) {
		t.Error("digests depend on the order of keys, or not on values")
	}
}
