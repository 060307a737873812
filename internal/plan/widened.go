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
// A tag that had to stay for others is moved after all once nobody else is bound by it.
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
	moves := movable(w, in, b.open(w, in, l.Baseline), moved)
	if len(b.Pins) == len(l.Baseline.Pins) && len(b.Tags) == len(l.Baseline.Tags) && len(moves) == 0 {
		return l
	}
	l = l.Clone()
	b.Moved = sorted(slices.Concat(b.Moved, moves))
	l.Baseline = b
	return l
}

// open is a baseline's tags of which nobody decided yet that they are moved: those
// that are new in it, and, unless tags are to be kept, those that stayed and are
// where they were found.
func (b Baseline) open(w mesh.World, in Intent, before Baseline) Baseline {
	tags := maps.Clone(b.Tags)
	maps.DeleteFunc(tags, func(tag, at string) bool {
		_, known := before.Tags[tag]
		return known && (in.Tags == KeepTags || slices.Contains(before.Moved, tag) || strings.Join(w.TagAt(tag), "+") != at)
	})
	return Baseline{Tags: tags}
}
