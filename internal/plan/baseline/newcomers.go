// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

// Newcomers returns the namespaces that the selection (everything, or a label selector)
// includes only since the run was divided into waves; none where namespaces were named.
// Intent.From does not apply to a namespace without proxies when the run began.
func Newcomers(w mesh.World, in step.Intent, l step.Ledger) []string {
	if len(in.Namespaces) > 0 || len(in.Waves) > 0 || in.Rollback || l.Waves == nil {
		return nil
	}
	known, held, since := slices.Concat(l.Waves...), namespacesWithProxies(l.Baseline), in
	since.From = ""
	return slices.DeleteFunc(selection.Candidates(w, in), func(name string) bool {
		ns, _ := w.Namespace(name)
		return slices.Contains(known, name) || in.Selector != nil && !in.Selector.Matches(ns.Labels) ||
			selection.Validate(w, []string{name}, in) != nil ||
			!held[name] && !selection.NeedsMove(w, since, name)
	})
}

// namespacesWithProxies returns the namespaces that had proxies when the run began.
func namespacesWithProxies(b step.Baseline) map[string]bool {
	held := map[string]bool{}
	for ref := range b.Sidecars {
		held[ref.Namespace()] = true
	}
	return held
}

// WithNewcomers returns the ledger with the newcomers in a wave of their own after the
// others, and their baseline.
func WithNewcomers(w mesh.World, in step.Intent, l step.Ledger) step.Ledger {
	names := Newcomers(w, in, l)
	if len(names) == 0 {
		return l
	}
	l = l.Clone()
	l.Waves = append(slices.Clone(l.Waves), names)
	held, since := namespacesWithProxies(l.Baseline), in
	since.From = ""
	was := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !held[name] })
	born := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return held[name] })
	tags := join(&l.Baseline, w, New(w, in, was), was)
	tags = merged(tags, join(&l.Baseline, w, New(w, since, born), born))
	l.Baseline.MovedTags = step.SortedUnique(
		append(slices.Clone(l.Baseline.MovedTags), binding.MovableTags(w, in, step.Baseline{Tags: tags}, slices.Concat(l.Waves...))...),
	)
	return l
}

// join adds the baseline of newcomers, and returns the tags that bind them.
func join(b *step.Baseline, w mesh.World, found step.Baseline, names []string) map[string]string {
	b.Bindings, b.Revisions = merged(b.Bindings, found.Bindings), merged(b.Revisions, found.Revisions)
	b.TemplateLabels, b.Tag, b.Tags = merged(b.TemplateLabels, found.TemplateLabels), merged(b.Tag, found.Tag), merged(found.Tags, b.Tags)
	b.Sidecars = maps.Clone(b.Sidecars)
	for _, name := range names {
		for _, wl := range w.WorkloadsIn(name) {
			if has, injected := found.Sidecars[wl.Ref()]; injected {
				b.Sidecars[wl.Ref()] = has
			}
		}
	}
	return found.Tags
}

// merged returns both maps in one. Where both have a key, the second decides.
func merged[K comparable](a, b map[K]string) map[K]string {
	all := map[K]string{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
