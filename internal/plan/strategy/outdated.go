// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RevisionsToReplace returns the revisions, other than the wanted one, of the sidecars in
// pods of the workload's newest template: those that a restart has to replace. It ignores
// older pods, which a rollout replaces.
func RevisionsToReplace(wl mesh.Workload, want string) []string {
	var revisions []string
	for _, p := range wl.Live() {
		if p.Current && p.Sidecar.Present && p.Sidecar.Revision != want {
			revisions = append(revisions, p.Sidecar.Revision)
		}
	}
	return step.SortedUnique(revisions)
}

// Outdated returns RevisionsToReplace and looks ahead: while a rollout has not created a
// pod of the newest template, it returns the revision that its pods will get.
func Outdated(w mesh.World, wl mesh.Workload, want string) []string {
	if old := RevisionsToReplace(wl, want); len(old) > 0 || wl.Rollout.Done || wl.Replicas == 0 || !wl.Injected() || hasCurrent(wl) {
		return old
	}
	ns, _ := w.Namespace(wl.Namespace)
	if now := mesh.JoinRevisions(w.Injectors(ns, wl.Template)); now != "" && now != want {
		return []string{now}
	}
	return nil
}

// lostSidecar reports whether a restart by the run left the workload without the sidecars
// that it had: the webhook did not inject its pods. A rollback restarts it again.
func lostSidecar(wl mesh.Workload, run string, l step.Ledger) bool {
	had := mesh.SplitRevisions(l.Baseline.Sidecars[wl.Ref()])
	return wl.RestartAnnotation.Run == run && !slices.Contains(had, "") &&
		slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return p.Current && !p.Sidecar.Present })
}

func hasCurrent(wl mesh.Workload) bool {
	return slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return p.Current })
}
