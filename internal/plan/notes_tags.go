// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
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
