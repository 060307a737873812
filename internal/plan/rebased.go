// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Rebased is the ledger of a run of which it is said only after its beginning
// from where other hands had begun (Intent.From): what was found on the target
// then counts as found there, as Found would have it. Twice is once.
func Rebased(w mesh.World, in Intent, l Ledger) Ledger {
	if in.From == "" || in.Rollback || l.Waves == nil || !l.foundAt(in.Revision) {
		return l
	}
	b := l.Baseline
	b.Bindings, b.Revisions, b.Pins = maps.Clone(b.Bindings), maps.Clone(b.Revisions), maps.Clone(b.Pins)
	b.Through, b.Sidecars = maps.Clone(b.Through), maps.Clone(b.Sidecars)
	for name, was := range b.Revisions {
		if was != in.Revision {
			continue
		}
		b.Revisions[name] = in.From
		delete(b.Through, name)
		if _, own := b.Pins[name]; own {
			b.Pins[name] = in.From
		} else {
			b.Bindings[name] = mesh.Pinned(in.From).String()
		}
	}
	for key, was := range b.Sidecars {
		if wl, there := w.Workload(key); was != in.Revision || there && wl.Gateway || !b.holds(key) {
			continue
		}
		b.Sidecars[key] = in.From
	}
	l.Baseline = b
	return l
}

// foundAt reports whether anything that a run moves was found on a revision.
func (l Ledger) foundAt(revision string) bool {
	for _, was := range l.Baseline.Revisions {
		if was == revision {
			return true
		}
	}
	for key, was := range l.Baseline.Sidecars {
		if was == revision && l.Baseline.holds(key) {
			return true
		}
	}
	return false
}

// holds reports whether a workload is in a namespace that the run moves.
func (b Baseline) holds(key string) bool {
	_, ours := b.Revisions[namespaceOf(key)]
	return ours
}

// namespaceOf is the namespace in a workload's key.
func namespaceOf(key string) string {
	_, name, _ := strings.Cut(key, " ")
	namespace, _, _ := strings.Cut(name, "/")
	return namespace
}
