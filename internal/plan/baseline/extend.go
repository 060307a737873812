// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// Extend returns the ledger with what came to be moved after the run began: workloads
// that their own labels bind in moved namespaces, and, where the removal was requested
// later, the tags that name the old revision. What is not recorded cannot be restored. A
// tag that was not moved because of bystanders is moved once it has none.
func Extend(w mesh.World, in step.Intent, l step.Ledger) step.Ledger {
	if in.Rollback || l.Waves == nil {
		return l
	}
	b, moved := l.Baseline, slices.Concat(l.Waves...)
	b.TemplateLabels, b.Revisions = merged(b.TemplateLabels, nil), merged(b.Revisions, nil)
	b.Tag, b.Tags = merged(b.Tag, nil), merged(b.Tags, nil)
	for _, name := range moved {
		ns, _ := w.Namespace(name)
		for _, wl := range w.WorkloadsIn(name) {
			if _, known := b.TemplateLabels[wl.Ref()]; !known && in.Policy.Includes(wl) && binding.BoundByOwnLabels(w, ns, wl) && !slices.Equal(
				w.Injectors(ns, wl.Template),
				[]string{in.Revision},
			) {
				noteWorkload(b, w, in, ns, wl)
			}
		}
	}
	for _, tag := range b.Tag {
		if _, known := b.Tags[tag]; !known {
			b.Tags[tag] = mesh.JoinRevisions(w.TagRevisions(tag))
		}
	}
	noteUnusedTags(b, w, in)
	moves := binding.MovableTags(w, in, openTags(b, w, in, l.Baseline), moved)
	if len(b.TemplateLabels) == len(l.Baseline.TemplateLabels) && len(b.Tags) == len(l.Baseline.Tags) && len(moves) == 0 {
		return l
	}
	l = l.Clone()
	b.MovedTags = step.SortedUnique(slices.Concat(b.MovedTags, moves))
	l.Baseline = b
	return l
}

// openTags returns a baseline with the tags for which no decision was made: new ones,
// and, unless tags are to be kept, those that were not moved and still name the same
// revision.
func openTags(b step.Baseline, w mesh.World, in step.Intent, before step.Baseline) step.Baseline {
	tags := maps.Clone(b.Tags)
	maps.DeleteFunc(tags, func(tag, at string) bool {
		_, known := before.Tags[tag]
		return known && (in.Tags == step.KeepTags || slices.Contains(before.MovedTags, tag) || mesh.JoinRevisions(w.TagRevisions(tag)) != at)
	})
	return step.Baseline{Tags: tags}
}
