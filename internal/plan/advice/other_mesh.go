// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// otherMeshes notes, once each, the other meshes in the cluster.
func otherMeshes(w mesh.World) []step.Note {
	var notes []step.Note
	for _, m := range w.OtherMeshes {
		evidence := "revision " + strings.Join(m.Revisions, ", ")
		if len(m.Namespaces) > 0 {
			evidence += "; it injects " + strings.Join(m.Namespaces, ", ")
		}
		notes = append(notes, step.Note{
			Kind: step.OtherMesh, Subject: "istiod in namespace " + m.RootNamespace, Evidence: evidence,
			Text:   "is the control plane of another mesh: what it injects is not part of this plan",
			Remedy: fmt.Sprintf("to move that mesh, run the same command with --istio-namespace %s", m.RootNamespace),
		})
	}
	return notes
}
