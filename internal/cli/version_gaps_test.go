// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// The plan names the paths from gateways on which versions differ while waves move.
func TestPlanNamesPathsOfDifferentVersions(t *testing.T) {
	for _, c := range []struct{ name, flags, want string }{
		{"the gateway stays", "--gateways leave", "edge/front 1.29.1  -> shop-web/web 1.31.0  from wave"},
		{"one wave for all", "--gateways with-their-namespace --waves 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "edge", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
			addWorkload(&p.world, mesh.Workload{Kind: mesh.Deployment, Namespace: "edge", Name: "front", Gateway: true,
				Template: mesh.Template{Labels: map[string]string{"app": "front"}}})
			at := mesh.GatewayRef{Namespace: "edge", Name: "public"}
			p.routes = mesh.Routes{
				Gateways: []mesh.RouteGateway{{GatewayRef: at, Selector: map[string]string{"app": "front"}}},
				Routes:   []mesh.Route{{Gateways: []mesh.GatewayRef{at}, Backends: []mesh.ServiceRef{{Namespace: "shop-web", Name: "web"}}}},
			}
			for i, wl := range p.world.Workloads {
				if wl.Name == "web" {
					p.world.Workloads[i].Services = []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web"}}}
				}
			}
			p.world.Sort()
			code, out, err := runOn(p, "plan --to 1-31-0 --version 1.31.0 --await "+c.flags)
			if code != exitDone {
				t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
			}
			if c.want == "" && strings.Contains(out, "proxy versions differ meanwhile") || !strings.Contains(out, c.want) {
				t.Errorf("got, want %q:\n%s", c.want, out)
			}
		})
	}
}
