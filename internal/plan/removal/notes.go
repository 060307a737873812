// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RestoreNotes notes what it means to restore a removed revision.
func RestoreNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	if !t.Rollback {
		return nil
	}
	for _, s := range RestoreSteps(w, t) {
		notes = append(notes, step.Note{Kind: step.CRDsStay, Subject: "revision " + string(s.Subject),
			Text: "is restored from its saved copies, beside the present Istio CRDs, which are never downgraded. It ignores fields " +
				"that it does not know; configuration keeps them",
			Evidence: fmt.Sprintf("%d objects, Istio %s", len(w.MissingComponents(string(s.Subject))), s.To)})
	}
	return notes
}
