// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

// revisionsToRemove returns the revisions that a run takes away, if it was asked to, once
// nothing uses them any more.
func revisionsToRemove(w mesh.World, in step.Intent, l step.Ledger, t step.Target) []string {
	if !in.Remove {
		return nil
	}
	return OldRevisions(w, in, l, t)
}

// OldRevisions returns the revisions that a run takes over from: those that its
// namespaces had when it began, those that workloads had which are bound by their
// own pods' labels, and the one from which other hands had begun.
func OldRevisions(w mesh.World, in step.Intent, l step.Ledger, t step.Target) []string {
	old := []string{in.From}
	if l.Started.IsZero() {
		old = append(old, selection.RevisionsInUse(w, t)...)
	}
	for _, revisions := range l.Baseline.Revisions {
		old = append(old, strings.Split(revisions, "+")...)
	}
	for key := range l.Baseline.TemplateLabels {
		old = append(old, strings.Split(l.Baseline.Sidecars[key], "+")...)
	}
	return slices.DeleteFunc(step.SortedUnique(old), func(r string) bool { return r == "" || r == in.Revision })
}

// ResolveTarget returns the target that a run has now: forward, back to the baseline, or
// back with the one wave that failed. Only the way forward can fail, as Forward
// does: of a run that begins, no mesh, a revision that is missing and that nothing
// brings up, and a selection, waves or a rule that cannot be followed: the request,
// or the mesh, has to be changed then. Of one that was begun, Gone.
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
