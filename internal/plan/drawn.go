// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Drawn is a Gateway of the Gateway API that its namespace's label draws to another
// revision at once: its istiod makes it anew. Before a run begins that is refused;
// what is made later holds that label.
type Drawn struct {
	Subject string // the workload's key
	Gateway string // its name
	Has     string // the revision that it has
	To      string // the revision that would make it anew
}

// Draws returns the Gateways that a label which is left to be written would draw
// along.
func (t Target) Draws(w mesh.World, namespace string) []Drawn {
	ns, there := w.Namespace(namespace)
	if !there || t.Bound(w, namespace) {
		return nil
	}
	return drawn(w, ns, t.Revisions[namespace])
}

func drawn(w mesh.World, ns mesh.Namespace, revision string) []Drawn {
	var list []Drawn
	for _, wl := range w.In(ns.Name) {
		has := wl.Sidecars()
		if _, pinned := wl.Template.Labels[mesh.RevisionLabel]; !wl.Managed() || pinned || strings.Join(has, "+") == revision {
			continue
		}
		d := Drawn{Subject: wl.Key(), Gateway: wl.Template.Labels[mesh.GatewayLabel], Has: serving(w, ns), To: revision}
		if len(has) == 1 {
			d.Has = has[0]
		}
		list = append(list, d)
	}
	return list
}
