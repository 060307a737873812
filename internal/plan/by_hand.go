// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// byHand names the namespaces that other hands have moved to the run's revision
// before it began, and what the way back can do about them.
func byHand(w mesh.World, t Target) []Note {
	revision := cmp.Or(t.Away, t.Revision)
	var notes []Note
	for _, ns := range w.Namespaces {
		if serving(w, ns) != revision || ns.Name == w.RootNamespace || !holds(w, ns.Name) {
			continue
		}
		was, ours := t.Found.Revisions[ns.Name]
		switch {
		case !ours:
			notes = append(notes, Note{Kind: ByHand, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text:   fmt.Sprintf("is on %s already and is no part of the run: a rollback can only return it to what was found, and leaves it there", revision),
				Clears: "to have it taken back as well, say from where other hands moved it: --from REVISION"})
		case !t.Back && t.From != "" && was == t.From:
			notes = append(notes, Note{Kind: ByHand, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text: fmt.Sprintf("is on %s already: it belongs to the run, is proven, and goes back to %s", revision, t.From)})
		}
	}
	return notes
}
