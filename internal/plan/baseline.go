// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Baseline is the mesh as it was found: what a rollback goes back to, and what
// tells whether something moved that nobody asked to move.
type Baseline struct {
	Bindings  map[string]string `json:"bindings"`          // namespace -> its binding, as mesh.Binding.String writes it
	Revisions map[string]string `json:"revisions"`         // namespace, or key of a workload that its own pods' labels bound -> the revision that these labels gave
	Sidecars  map[string]string `json:"sidecars"`          // workload key -> revisions of its sidecars; gateways too
	Pins      map[string]string `json:"pins,omitempty"`    // key of a workload that its own pods' labels bound -> its template's label istio.io/rev, "-" for none
	Through   map[string]string `json:"through,omitempty"` // namespace, or such a workload -> the tag that it was bound by
	Tags      map[string]string `json:"tags,omitempty"`    // tag -> the revision that it named
	Versions  map[string]string `json:"versions"`          // revision -> its Istio version
	Moved     []string          `json:"moved,omitempty"`   // tags that the run moves unless they are to be kept, as decided when it was approved
}

// Found is the baseline of a World, for the namespaces that will be moved; the
// sidecars of everything else are noted as well. What an earlier hand moved to
// the target from a revision that the intent names counts as found there.
func Found(w mesh.World, in Intent, namespaces []string) Baseline {
	b := Baseline{Bindings: map[string]string{}, Revisions: map[string]string{}, Sidecars: map[string]string{},
		Pins: map[string]string{}, Through: map[string]string{}, Tags: map[string]string{}, Versions: map[string]string{}}
	for _, r := range w.Revisions {
		b.Versions[r.Name] = r.Version
	}
	for _, name := range namespaces {
		if ns, ok := w.Namespace(name); ok {
			b.found(w, in, ns)
		}
	}
	for _, wl := range w.Workloads {
		if wl.Injected() || wl.Gateway {
			b.Sidecars[wl.Key()] = in.before(slices.Contains(namespaces, wl.Namespace) && !wl.Gateway, strings.Join(wl.Sidecars(), "+"))
		}
	}
	for _, tag := range sorted(slices.Collect(maps.Values(b.Through))) {
		b.Tags[tag] = strings.Join(w.TagAt(tag), "+")
	}
	b.unused(w, in)
	b.Moved = movable(w, in, b, namespaces)
	return b
}

// before is what a run counts as found where an upgrade was begun by other hands.
func (in Intent) before(moved bool, found string) string {
	if moved && in.From != "" && found == in.Revision {
		return in.From
	}
	return found
}

// found notes one namespace, and the workloads in it that are bound by labels of
// their own.
func (b Baseline) found(w mesh.World, in Intent, ns mesh.Namespace) {
	b.Bindings[ns.Name] = ns.Binding().String()
	now := serving(w, ns)
	b.Revisions[ns.Name] = in.before(true, now)
	if b.Revisions[ns.Name] != now {
		b.Bindings[ns.Name] = mesh.Pinned(in.From).String()
	} else if tag := w.Through(ns, mesh.Template{}); tag != "" {
		b.Through[ns.Name] = tag
	}
	if now != "" || ns.Binding().Injection.Set {
		return
	}
	for _, wl := range w.In(ns.Name) {
		if ownBound(w, ns, wl) {
			b.foundOwn(w, in, ns, wl)
		}
	}
}

// foundOwn notes a workload that is bound by labels of its own pods.
func (b Baseline) foundOwn(w mesh.World, in Intent, ns mesh.Namespace, wl mesh.Workload) {
	b.Pins[wl.Key()] = pinOf(wl)
	by := strings.Join(w.Injectors(ns, wl.Template), "+")
	b.Revisions[wl.Key()] = in.before(true, by)
	if tag := w.Through(ns, wl.Template); tag != "" {
		b.Through[wl.Key()] = tag
	}
	if b.Revisions[wl.Key()] != by {
		b.Pins[wl.Key()] = in.From
		delete(b.Through, wl.Key())
	}
}

// unused notes, where a revision is to be taken away, what else leads to it: tags
// that nobody is bound by, and the default, or its validator alone. They are moved
// as well, or they would keep the revision for ever.
func (b Baseline) unused(w mesh.World, in Intent) {
	if !in.Remove {
		return
	}
	olds := []string{in.From}
	for _, revisions := range b.Revisions {
		olds = append(olds, strings.Split(revisions, "+")...)
	}
	names := []string{mesh.DefaultTag}
	for _, t := range w.Tags {
		names = append(names, t.Name)
	}
	for _, name := range sorted(names) {
		at := w.TagAt(name)
		if _, known := b.Tags[name]; known {
			continue
		}
		if slices.ContainsFunc(at, func(r string) bool { return r != "" && r != in.Revision && slices.Contains(olds, r) }) {
			b.Tags[name] = strings.Join(at, "+")
		}
	}
}
