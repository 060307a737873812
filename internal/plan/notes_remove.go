// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	HoldsOn         NoteKind = "holds-on"         // what the run does not move, and what keeps the old revision from going
	DefinitionsStay NoteKind = "definitions-stay" // a revision comes back beside the definitions of a newer Istio
)

// returning says what it means that a revision comes back after its removal.
func returning(w mesh.World, t Target) []Note {
	var notes []Note
	if !t.Back {
		return nil
	}
	for _, s := range restores(w, t) {
		notes = append(notes, Note{Kind: DefinitionsStay, Subject: "revision " + s.Subject,
			Text:     "comes back as it was kept, beside Istio's definitions (CRDs) as they are now: these are never taken back to an older Istio. It reads what it knows of them; configuration that uses newer fields keeps them, and this revision does not act on them",
			Evidence: fmt.Sprintf("%d objects, Istio %s", len(w.Lost(s.Subject)), s.To)})
	}
	return notes
}
