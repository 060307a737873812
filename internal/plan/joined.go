// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Newcomers returns the namespaces that came to be bound to another revision
// after the run was divided into waves, and that its selection means: everything,
// or what a label selector matches. Where namespaces were named there are none.
// One that held no proxy when the run began was not moved to the target by other
// hands: of it Intent.From says nothing.
func Newcomers(w mesh.World, in Intent, l Ledger) []string {
	if len(in.Names) > 0 || len(in.Waves) > 0 || in.Rollback || l.Waves == nil {
		return nil
	}
	known, held, since := slices.Concat(l.Waves...), l.Baseline.proxied(), in
	since.From = ""
	return slices.DeleteFunc(candidates(w, in), func(name string) bool {
		ns, _ := w.Namespace(name)
		return slices.Contains(known, name) || in.Selector != nil && !in.Selector.Matches(ns.Labels) || served(w, []string{name}, in.Revision) != nil ||
			!held[name] && !elsewhere(w, since, name)
	})
}

// proxied are the namespaces that held proxies when the run began.
func (b Baseline) proxied() map[string]bool {
	held := map[string]bool{}
	for key := range b.Sidecars {
		_, name, _ := strings.Cut(key, " ")
		namespace, _, _ := strings.Cut(name, "/")
		held[namespace] = true
	}
	return held
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
	held, since := l.Baseline.proxied(), in
	since.From = ""
	was := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !held[name] })
	born := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return held[name] })
	tags := l.Baseline.join(w, Found(w, in, was), was)
	tags = joint(tags, l.Baseline.join(w, Found(w, since, born), born))
	l.Baseline.Moved = sorted(append(slices.Clone(l.Baseline.Moved), movable(w, in, Baseline{Tags: tags}, slices.Concat(l.Waves...))...))
	return l
}

// join adds what was found of newcomers, and returns the tags that bound them.
func (b *Baseline) join(w mesh.World, found Baseline, names []string) map[string]string {
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
	return found.Tags
}

// joint is both maps in one; the second decides.
func joint(a, b map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
