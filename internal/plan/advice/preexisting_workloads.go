// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// movedBeforeWorkloads is byHand of what its own pods' labels bind: of a namespace that holds
// such workloads on the revision, with the runs that have marked them.
func movedBeforeWorkloads(w mesh.World, t step.Target, ns mesh.Namespace, revision string, runs []string) []step.Note {
	_, ours := t.Baseline.Revisions[step.BoundNamespace(ns.Name)]
	n := step.Note{Kind: step.MovedBefore, Subject: ns.Name}
	var refs []mesh.WorkloadRef
	for _, ref := range binding.BoundByOwnLabelsTo(w, ns, revision) {
		if was := t.Baseline.Revisions[step.BoundWorkload(ref)]; !ours || was == revision || t.From != "" && was == t.From {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 || ours && t.From != "" && (t.Rollback || slices.Contains(runs, t.Run)) {
		return nil
	}
	n.Evidence = "by their pods' own labels: " + mesh.JoinRefs(refs)
	switch runs = otherRuns(runs, t); {
	case ours && t.From != "":
		n.Text = fmt.Sprintf("holds workloads that are on %s already: they belong to the run, are proven, and go back to %s", revision, t.From)
		return []step.Note{n}
	case ours:
		n.Text = fmt.Sprintf("holds workloads that were on %s before the run began: that is what was found, so a rollback leaves them there", revision)
	default:
		n.Text = fmt.Sprintf("holds workloads that are on %s already, and is no part of the run: a rollback leaves them there", revision)
	}
	switch {
	case len(runs) > 0:
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
	case !t.Rollback: // --from is said before a rollback, not to it
		n.Remedy = fromHint
	}
	return []step.Note{n}
}
