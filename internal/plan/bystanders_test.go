// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// bystander is sixWays with something more that a tag decides over.
func bystander(change func(w *mesh.World, wl *mesh.Workload), namespace string) mesh.World {
	w := sixWays()
	wl := workload(mesh.Deployment, namespace, "extra", 1)
	change(&w, &wl)
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return w
}

// Whoever comes to another revision with a tag, and is not moved before it, keeps
// it where it is: what istiod renders at once, what gets it with its next pod,
// and what has no pod now.
func TestWhoComesWithATagAndIsNotMovedKeepsIt(t *testing.T) {
	gatewayOf := func(labels map[string]string) func(*mesh.World, *mesh.Workload) {
		return func(_ *mesh.World, wl *mesh.Workload) {
			wl.Gateway, wl.Template.Labels = true, map[string]string{}
			for k, v := range labels {
				wl.Template.Labels[k] = v
			}
		}
	}
	podless := func(kind mesh.Kind, labels map[string]string) func(*mesh.World, *mesh.Workload) {
		return func(w *mesh.World, wl *mesh.Workload) {
			wl.Kind, wl.Wanted, wl.Pods, wl.Template.Labels = kind, 0, nil, labels
			w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: wl.Namespace, Labels: labels})
			w.Sort()
		}
	}
	for name, c := range map[string]struct {
		world mesh.World
		names []string
		tag   string
		moves bool
	}{
		"a Gateway of the Gateway API beside what its own labels bind": {world: bystander(gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller"}), "own"), tag: "default"},
		"a Gateway that names the tag, in a labelled namespace":        {world: bystander(gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.RevisionLabel: "prod"}), "b"), tag: "prod"},
		"a gateway of Helm's beside what its own labels bind":          {world: bystander(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "own"), tag: "default"},
		"a gateway of Helm's in a labelled namespace":                  {world: bystander(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "b"), tag: "default", moves: true},
		"a CronJob in a namespace that is not moved":                   {world: bystander(podless(mesh.CronJob, map[string]string{mesh.RevisionLabel: "prod"}), "other"), names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"}, tag: "prod"},
		"one scaled to zero in a namespace that is not moved":          {world: bystander(podless(mesh.Deployment, map[string]string{mesh.RevisionLabel: "prod"}), "other"), names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"}, tag: "prod"},
		"nobody": {world: sixWays(), tag: "default", moves: true},
	} {
		in := allOf()
		in.Names = c.names
		target := forward(t, c.world, in, Ledger{})
		if _, moves := target.Tags[c.tag]; moves != c.moves {
			t.Errorf("%s: the tag %s moves: %t", name, c.tag, moves)
		}
		noted := slices.ContainsFunc(Make(c.world, target, Ledger{}).Notes, func(n Note) bool {
			return n.Kind == TagStays && n.Subject == "tag "+c.tag && n.Evidence != "" && !c.moves
		})
		if noted == c.moves {
			t.Errorf("%s: a note says that it stays: %t", name, noted)
		}
	}
}
