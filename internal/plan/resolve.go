// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

// revisionsToRemove returns the revisions that a run removes once nothing refers to
// them; none unless that was requested.
func revisionsToRemove(w mesh.World, in step.Intent, l step.Ledger, t step.Target) []string {
	if !in.Remove {
		return nil
	}
	return OldRevisions(w, in, l, t)
}

// OldRevisions returns the revisions that a run moves away from: those of its namespaces
// and of workloads that their own labels bind when it began, and Intent.From.
func OldRevisions(w mesh.World, in step.Intent, l step.Ledger, t step.Target) []string {
	old := []string{in.From}
	if l.Started.IsZero() {
		old = append(old, selection.RevisionsInUse(w, t)...)
	}
	for _, revisions := range l.Baseline.Revisions {
		old = append(old, mesh.SplitRevisions(revisions)...)
	}
	for key := range l.Baseline.TemplateLabels {
		old = append(old, mesh.SplitRevisions(l.Baseline.Sidecars[key])...)
	}
	return slices.DeleteFunc(step.SortedUnique(old), func(r string) bool { return r == "" || r == in.Revision })
}

// ResolveTarget returns the present target of a run: forward, a rollback to the
// baseline, or a rollback of the one wave that failed. Only an upgrade can fail, as
// ForwardTarget does: before a run begins, because the request or the mesh has to
// change; afterwards only with RevisionMissing.
func ResolveTarget(w mesh.World, in step.Intent, l step.Ledger) (step.Target, error) {
	switch {
	case in.Rollback:
		return RollbackTarget(in, l, 0), nil
	case l.Revert > 0:
		return RollbackTarget(in, l, l.Revert), nil
	}
	t, err := ForwardTarget(w, in, l)
	if err == nil || l.Waves != nil {
		t.Remove = revisionsToRemove(w, in, l, t)
	}
	return t, err
}
