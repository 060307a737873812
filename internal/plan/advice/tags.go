// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// ByOwnName is how what a tag binds is kept out of that tag's way.
const ByOwnName = "bind each to what it runs by its own name: istio.io/rev=REVISION in the place of its namespace's label, or in its template or on its Gateway where no label of the namespace binds it"

// blockedTags names, forth and back, the tags that are to be moved and at which the run
// will hold: others came to be bound by them, and would follow unasked.
func blockedTags(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, s := range binding.TagSteps(w, t) {
		if others := binding.Bystanders(t, w, string(s.Subject)); len(others) > 0 {
			notes = append(notes, step.Note{Kind: step.TagStays, Subject: "tag " + string(s.Subject), Text: fmt.Sprintf("is not moved to %s while others are bound by it, which this run does not move: it holds there", s.To),
				Evidence: fmt.Sprintf("at %s; bound by it: %s", s.From, mesh.JoinRefs(others)), Remedy: ByOwnName})
		}
	}
	return notes
}

// emptyNamespaces names the namespaces that go with a tag and hold nothing that it would
// bring to another revision: those in which pods come and go, say. They do not keep
// it where it is, which they might for ever: no pod changes under anybody. One that
// has pods by then is a bystander, and holds it.
func emptyNamespaces(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, s := range binding.TagSteps(w, t) {
		others := binding.Bystanders(t, w, string(s.Subject))
		for _, ns := range w.Namespaces {
			if _, ours := t.Baseline.Bindings[ns.Name]; ours || !binding.Labelled(ns) || !slices.Contains(w.BoundThrough(ns, mesh.Template{}), string(s.Subject)) ||
				slices.ContainsFunc(w.In(ns.Name), func(wl mesh.Workload) bool { return slices.Contains(others, wl.Ref()) }) {
				continue
			}
			notes = append(notes, step.Note{Kind: step.ByTag, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text:   fmt.Sprintf("is bound by %s, holds no sidecars now, and is no part of the run: once that is moved, its next pods are of %s", describeTags([]string{string(s.Subject)}), s.To),
				Remedy: "where it is not to follow, bind it by a revision's own name, istio.io/rev=REVISION; one that has pods when the tag is to be moved holds the run"})
		}
	}
	return notes
}
