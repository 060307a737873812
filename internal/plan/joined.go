// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Newcomers returns the namespaces that came to be bound to another revision
// after the run was divided into waves, and that its selection means: everything,
// or what a label selector matches. Where namespaces were named there are none.
func Newcomers(w mesh.World, in Intent, l Ledger) []string {
	if len(in.Names) > 0 || len(in.Waves) > 0 || in.Rollback || l.Waves == nil {
		return nil
	}
	known := slices.Concat(l.Waves...)
	return slices.DeleteFunc(candidates(w, in), func(name string) bool {
		ns, _ := w.Namespace(name)
		return slices.Contains(known, name) || in.Selector != nil && !in.Selector.Matches(ns.Labels) || served(w, []string{name}, in.Revision) != nil
	})
}

// Joined is the ledger with the newcomers in a wave of their own, after the
// others, and with what was found of them.
func Joined(w mesh.World, in Intent, l Ledger) Ledger {
	names := Newcomers(w, in, l)
	if len(names) == 0 {
		return l
	}
	l = l.Clone()
	l.Waves = append(slices.Clone(l.Waves), names)
	found := Found(w, in, names)
	b := l.Baseline
	b.Bindings, b.Revisions = joint(b.Bindings, found.Bindings), joint(b.Revisions, found.Revisions)
	b.Pins, b.Through, b.Tags = joint(b.Pins, found.Pins), joint(b.Through, found.Through), joint(found.Tags, b.Tags)
	b.Sidecars = maps.Clone(b.Sidecars)
	for _, name := range names {
		for _, wl := range w.In(name) {
			if has, carries := found.Sidecars[wl.Key()]; carries {
				b.Sidecars[wl.Key()] = has
			}
		}
	}
	b.Moved = sorted(append(slices.Clone(b.Moved), movable(w, in, found, slices.Concat(l.Waves...))...))
	l.Baseline = b
	return l
}

// joint is both maps in one; the second decides.
func joint(a, b map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
