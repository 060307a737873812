// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
)

func TestInventory(t *testing.T) {
	for _, c := range []struct {
		name  string
		world mesh.World
	}{
		{name: "agrees", world: reporttest.Mesh()},
		{name: "disagrees", world: inconsistentMesh()},
		{name: "two-meshes", world: plantest.WithOtherMesh(reporttest.Mesh(), true)},
		{name: "another-namespace", world: plantest.WithOtherMesh(mesh.World{RootNamespace: "istio-system"}, false)},
		{name: "nothing", world: mesh.World{RootNamespace: "istio-system"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inv := InventoryOf(c.world)
			golden(t, "inventory-"+c.name+".txt", inv.Text(format.Style{}))
			fitsTerminal(t, inv.Text(format.Style{Width: 80}))
			text, err := JSON(inv, command.Flags{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "inventory-"+c.name+".json", text)
		})
	}
}

func TestInventoryOnATerminal(t *testing.T) {
	golden(t, "inventory-disagrees-80.txt", InventoryOf(inconsistentMesh()).Text(format.Style{Width: 80}))
}

// inconsistentMesh is a mesh with the usual mistakes.
func inconsistentMesh() mesh.World {
	w := reporttest.Mesh()
	w.Revisions = append(w.Revisions, reporttest.ControlPlane("1-31-0", "1.31.0"))
	w.Revisions[1].Ready, w.Revisions[1].Istiods[0].Ready = 0, false
	w.Webhooks = append(w.Webhooks, reporttest.Webhooks("1-31-0", "")...)
	w.Webhooks[len(w.Webhooks)-1].Roots = nil
	w.Tags = append(w.Tags, mesh.Tag{Name: "canary", Revision: "1-27-0"})
	w.Namespaces = append(w.Namespaces,
		mesh.Namespace{Name: "bare", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}},
		mesh.Namespace{Name: "lost", Labels: map[string]string{mesh.RevisionLabel: "1-30-0"}},
		mesh.Namespace{Name: "moved", Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}},
		mesh.Namespace{Name: "twice", Labels: map[string]string{mesh.InjectionLabel: "enabled", mesh.RevisionLabel: "1-31-0"}})
	reporttest.Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "bare", Name: "old"}, 2, "", "")
	reporttest.Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "lost", Name: "orphan"}, 1, "1-29-1", "1.29.1")
	reporttest.Add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: "moved", Name: "half"}, 2, "1-29-1", "1.29.1")
	half := &w.Workloads[len(w.Workloads)-1]
	half.Pods[1].Sidecar = mesh.Sidecar{Present: true, Revision: "1-31-0", Version: "1.31.0"}
	reporttest.Add(&w, mesh.Workload{Kind: mesh.DaemonSet, Namespace: "twice", Name: "agent", Template: mesh.Template{
		Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}}}, 1, "1-29-1", "1.29.1")
	w.Proxies[len(w.Proxies)-1].Rejected = []mesh.Rejection{{Type: "LDS", Reason: "duplicate listener"}}
	w.Proxies[len(w.Proxies)-2].Unacked = []string{"CDS", "EDS"}
	w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: "vm", Pod: "machine-1", Istiod: "istiod-1-29-1-6c9f-x2v", Revision: "1-29-1"})
	w.Proxies = w.Proxies[1:]
	w.Sort()
	return w
}
