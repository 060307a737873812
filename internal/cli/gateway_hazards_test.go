// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// The plan names the hazards of the gateways that it moves, and none without --gateways.
func TestPlanNamesHazardsOfGateways(t *testing.T) {
	for _, c := range []struct {
		name, flags string
		want        bool
	}{
		{"gateways are moved", "", true},
		{"gateways stay", "--gateways leave", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "edge", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
			addWorkload(&p.world, mesh.Workload{Kind: mesh.Deployment, Namespace: "edge", Name: "front", Gateway: true,
				Template: mesh.Template{ProxyContainer: mesh.ProxyContainer{PullPolicy: "Always"}}})
			p.world.Sort()
			code, out, err := runOn(p, "plan --to 1-31-0 --version 1.31.0 --await "+c.flags)
			if code != exitDone {
				t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
			}
			has := strings.Contains(out, "Hazards of moving gateways") && strings.Contains(out, "imagePullPolicy: IfNotPresent")
			if has != c.want {
				t.Errorf("hazards: got %t, want %t:\n%s", has, c.want, out)
			}
		})
	}
}
