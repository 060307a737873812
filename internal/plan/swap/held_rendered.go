// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// The template of a gateway that istioctl installed is replaced completely: by one that
// istioctl renders from the target's IstioOperator, and on rollback by the one that was
// stored before the rollout was first held.

// savedBefore renders what stores the template of such a gateway before its rollout is held.
// On rollback its template is the target's, and is not stored.
func savedBefore(wl mesh.Workload, t step.Target) []step.Change {
	if t.Rollback || wl.ForGateway() || !wl.Prerendered() {
		return nil
	}
	c := changeOfTemplate(step.SaveTemplate, wl, t)
	c.Revision = wl.Template.Deployed()
	return []step.Change{c}
}

// renderCompleteTemplate renders the template of the wanted revision.
func renderCompleteTemplate(wl mesh.Workload, t step.Target) step.Change {
	if t.Rollback {
		return changeOfTemplate(step.RestoreTemplate, wl, t)
	}
	c := changeOfTemplate(step.SetTemplate, wl, t)
	c.Rendered = step.RenderedDigest(t.RenderedInputs[wl.Ref()])
	return c
}

// changeOfTemplate returns a change of a Deployment that has the template that was observed.
func changeOfTemplate(v step.Verb, wl mesh.Workload, t step.Target) step.Change {
	return step.Change{
		Verb: v, Kind: string(mesh.Deployment), Namespace: wl.Namespace, Name: wl.Name,
		Expect: wl.Template.Hash, Owner: t.Run, Revision: t.RevisionOf(wl),
	}
}
