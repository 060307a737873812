// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RestoreNotes says what it means that a revision comes back after its removal.
func RestoreNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	if !t.Rollback {
		return nil
	}
	for _, s := range RestoreSteps(w, t) {
		notes = append(notes, step.Note{Kind: step.CRDsStay, Subject: "revision " + string(s.Subject),
			Text:     "comes back as it was kept, beside Istio's definitions (CRDs) as they are now: these are never taken back to an older Istio. It reads what it knows of them; configuration that uses newer fields keeps them, and this revision does not act on them",
			Evidence: fmt.Sprintf("%d objects, Istio %s", len(w.MissingComponents(string(s.Subject))), s.To)})
	}
	return notes
}
