// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// ByOwnName is how what a tag binds is kept out of that tag's way.
const ByOwnName = "bind each to what it runs by its own name: istio.io/rev=REVISION in the place of its namespace's label, or in its template or on its Gateway where no label of the namespace binds it"

// heldTags names, forth and back, the tags that are to be moved and at which the run
// will hold: others came to be bound by them, and would follow unasked.
func heldTags(w mesh.World, t Target) []Note {
	var notes []Note
	for _, s := range tags(w, t) {
		if others := t.Bystanders(w, s.Subject); len(others) > 0 {
			notes = append(notes, Note{Kind: TagStays, Subject: "tag " + s.Subject, Text: fmt.Sprintf("is not moved to %s while others are bound by it, which this run does not move: it holds there", s.To),
				Evidence: fmt.Sprintf("at %s; bound by it: %s", s.From, strings.Join(others, ", ")), Clears: ByOwnName})
		}
	}
	return notes
}

// emptied names the namespaces that go with a tag and hold nothing that it would
// bring to another revision: those in which pods come and go, say. They do not keep
// it where it is, which they might for ever: no pod changes under anybody. One that
// has pods by then is a bystander, and holds it.
func emptied(w mesh.World, t Target) []Note {
	var notes []Note
	for _, s := range tags(w, t) {
		others := t.Bystanders(w, s.Subject)
		for _, ns := range w.Namespaces {
			if _, ours := t.Found.Bindings[ns.Name]; ours || !bound(ns) || !slices.Contains(w.Ways(ns, mesh.Template{}), s.Subject) ||
				slices.ContainsFunc(w.In(ns.Name), func(wl mesh.Workload) bool { return slices.Contains(others, wl.Key()) }) {
				continue
			}
			notes = append(notes, Note{Kind: ByTag, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text:   fmt.Sprintf("is bound by %s, holds no sidecars now, and is no part of the run: once that is moved, its next pods are of %s", spoken([]string{s.Subject}), s.To),
				Clears: "where it is not to follow, bind it by a revision's own name, istio.io/rev=REVISION; one that has pods when the tag is to be moved holds the run"})
		}
	}
	return notes
}
