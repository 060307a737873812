// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The demo says that the mesh is complete only if every control plane and every proxy is of the
// new version.
func TestMeshState(t *testing.T) {
	const web = `{"kind":"Deployment","namespace":"shop-web","name":"web","sidecars":[{"revision":"r","version":"1.31.0","pods":2}]}`
	const plain = `{"kind":"Deployment","namespace":"outside","name":"outside","sidecars":[{"revision":"","pods":1}]}`
	const edge = `{"kind":"Deployment","namespace":"edge","name":"edge","gateway":true,"sidecars":[{"version":"VERSION","pods":3}]}`
	for _, c := range []struct{ name, planes, gateway, text, err string }{
		{name: "complete", planes: `{"version":"1.31.0"}`, gateway: "1.31.0", text: "(workloads: 1, gateways: 1, proxies: 5)"},
		{name: "a gateway stays", planes: `{"version":"1.31.0"}`, gateway: "1.29.1", err: "Deployment edge/edge: proxies of 1.29.1"},
		{name: "the old control plane stays", planes: `{"version":"1.31.0"},{"version":"1.29.1"}`, gateway: "1.31.0",
			err: "a control plane of 1.29.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			workloads := strings.Join([]string{web, plain, strings.Replace(edge, "VERSION", c.gateway, 1)}, ",")
			content := `{"revisions":[` + c.planes + `],"workloads":[` + workloads + `]}`
			var m meshState
			if err := json.Unmarshal([]byte(content), &m); err != nil {
				t.Fatal(err)
			}
			text, err := m.text()
			if !strings.Contains(text, c.text) || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %q and error %v, want %q and error %q", text, err, c.text, c.err)
			}
		})
	}
}
