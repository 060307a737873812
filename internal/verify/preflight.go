// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// uninvolvedControlPlane are the checks of a control plane that the run neither
// leaves nor moves to: its istiods must report which proxies they serve. The
// certificate that they present to proxies does not matter.
var uninvolvedControlPlane = []Check{{
	Name:        istiodAnswers.Name,
	Description: istiodAnswers.Description,
	Hint:        istiodAnswers.Hint,
	Evaluate:    istiodsOfRevisionAnswer,
}}

// Preflight checks the existing control planes before a run begins and returns the
// verdicts that don't pass. serving are the revisions in use. target is checked too
// if it exists, and must then have the wanted version. The running istiods of every
// other revision must answer, because each verification asks them.
func Preflight(w mesh.World, serving []string, target, wanted string) []Verdict {
	var bad []Verdict
	check := func(name string, checks []Check, f Facts) {
		f.World, f.Revision = w, name
		if v := Worst(Evaluate(checks, name, f)); v.Result == Wait || v.Result == Fail {
			bad = append(bad, v)
		}
	}
	for _, name := range serving {
		if name != target {
			check(name, without(ControlPlaneHealth, webhookCall.Name), Facts{InUse: true})
		}
	}
	for _, r := range w.Revisions {
		if r.Name != target && !slices.Contains(serving, r.Name) && len(r.Istiods) > 0 {
			check(r.Name, uninvolvedControlPlane, Facts{})
		}
	}
	if _, exists := w.Revision(target); exists {
		check(target, ControlPlaneValidation, Facts{Version: wanted})
	}
	return bad
}
