// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Widened is the ledger with what came to be moved after the run had begun, and
// of which nothing was found then: workloads that their own pods' labels bind, in
// namespaces that the run moves, and, where the removal of the old revision was
// asked for later, the tags that lead to it. What is not found does not come back.
func Widened(w mesh.World, in Intent, l Ledger) Ledger {
	if in.Rollback || l.Waves == nil {
		return l
	}
	b, moved := l.Baseline, slices.Concat(l.Waves...)
	b.Pins, b.Revisions, b.Through, b.Tags = joint(b.Pins, nil), joint(b.Revisions, nil), joint(b.Through, nil), joint(b.Tags, nil)
	for _, name := range moved {
		ns, _ := w.Namespace(name)
		for _, wl := range w.In(name) {
			if _, known := b.Pins[wl.Key()]; !known && ownBound(w, ns, wl) && !slices.Equal(w.Injectors(ns, wl.Template), []string{in.Revision}) {
				b.foundOwn(w, in, ns, wl)
			}
		}
	}
	for _, tag := range b.Through {
		if _, known := b.Tags[tag]; !known {
			b.Tags[tag] = strings.Join(w.TagAt(tag), "+")
		}
	}
	b.unused(w, in)
	fresh := Baseline{Tags: maps.Clone(b.Tags)}
	maps.DeleteFunc(fresh.Tags, func(tag, _ string) bool { _, known := l.Baseline.Tags[tag]; return known })
	if len(b.Pins) == len(l.Baseline.Pins) && len(fresh.Tags) == 0 {
		return l
	}
	l = l.Clone()
	b.Moved = sorted(slices.Concat(b.Moved, movable(w, in, fresh, moved)))
	l.Baseline = b
	return l
}
