// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// ByOwnName says how to bind what a tag binds independently of the tag.
const ByOwnName = "bind each to its revision by name: istio.io/rev=REVISION instead of its namespace's label, or in its template " +
	"or on its Gateway where the namespace has no label"

// blockedTags notes tags at which the run will hold: they bind workloads that the run does
// not move.
func blockedTags(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, s := range binding.TagSteps(w, t) {
		if others := binding.Bystanders(t, w, string(s.Subject)); len(others) > 0 {
			notes = append(notes, step.Note{
				Kind:     step.TagStays,
				Subject:  "tag " + string(s.Subject),
				Text:     fmt.Sprintf("is not moved to %s while it binds workloads that this run does not move: the run holds there", s.To),
				Evidence: fmt.Sprintf("names %s; binds %s", s.From, mesh.JoinRefs(others)),
				Remedy:   ByOwnName,
			})
		}
	}
	return notes
}

// emptyNamespaces notes namespaces that follow a tag and have no pods that it would move.
// They do not hold the tag: no pod changes its revision. One that has pods by then does.
func emptyNamespaces(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, s := range binding.TagSteps(w, t) {
		tag := string(s.Subject)
		others := binding.Bystanders(t, w, tag)
		text := fmt.Sprintf(
			"is bound by %s, has no sidecars, and is not part of the run: once the tag is moved, its next pods get %s; "+
				"if it has pods before that, the run holds",
			describeTags([]string{tag}), s.To,
		)
		for _, ns := range w.Namespaces {
			_, ours := t.Baseline.Bindings[ns.Name]
			holds := slices.ContainsFunc(w.WorkloadsIn(ns.Name), func(wl mesh.Workload) bool { return slices.Contains(others, wl.Ref()) })
			if ours || holds || !binding.Labelled(ns) || !slices.Contains(w.BoundThrough(ns, mesh.Template{}), tag) {
				continue
			}
			notes = append(notes, step.Note{
				Kind:     step.ByTag,
				Subject:  ns.Name,
				Text:     text,
				Evidence: ns.Binding().String(),
				Remedy:   "if it should not follow, bind it to a revision by name: istio.io/rev=REVISION",
			})
		}
	}
	return notes
}
