// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// movedBeforeWorkloads notes a namespace with workloads that their own labels bound to the
// revision before the run began. runs restarted them.
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
		n.Text = fmt.Sprintf(
			"has workloads that are on %s already: they are part of the run, are verified, and are rolled back to %s",
			revision, t.From,
		)
		return []step.Note{n}
	case ours:
		n.Text = fmt.Sprintf("has workloads that were on %s before the run began: a rollback leaves them there", revision)
	default:
		n.Text = fmt.Sprintf("has workloads that are on %s already, and is not part of the run: a rollback leaves them there", revision)
	}
	switch {
	case len(runs) > 0:
		n.Kind, n.Remedy = step.MovedByRun, rollbacks(t, runs)
	case !t.Rollback: // a rollback takes no --from
		n.Remedy = fromHint
	}
	return []step.Note{n}
}
