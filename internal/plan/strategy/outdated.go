// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RevisionsToReplace returns the revisions, other than the wanted one, of the sidecars that
// the workload's newest template was given: those that a restart has to replace.
// While a rollout replaces older pods there are none.
func RevisionsToReplace(wl mesh.Workload, want string) []string {
	var revisions []string
	for _, p := range wl.Live() {
		if p.Current && p.Sidecar.Present && p.Sidecar.Revision != want {
			revisions = append(revisions, p.Sidecar.Revision)
		}
	}
	return step.SortedUnique(revisions)
}

// Outdated is others, and looks ahead: while a rollout has not made a pod of the
// newest template, its pods will be what the labels of the namespace and of that
// template say at present.
func Outdated(w mesh.World, wl mesh.Workload, want string) []string {
	if old := RevisionsToReplace(wl, want); len(old) > 0 || wl.Rollout.Done || wl.Replicas == 0 || !wl.Injected() || hasCurrent(wl) {
		return old
	}
	ns, _ := w.Namespace(wl.Namespace)
	if now := strings.Join(w.Injectors(ns, wl.Template), "+"); now != "" && now != want {
		return []string{now}
	}
	return nil
}

// LostSidecar reports whether a restart of the run left the workload without the
// sidecars that it had: the webhook let its pods through. The way back gives them
// back.
func LostSidecar(wl mesh.Workload, run string, l step.Ledger) bool {
	had := strings.Split(l.Baseline.Sidecars[wl.Ref()], "+")
	return wl.RestartAnnotation.Run == run && !slices.Contains(had, "") &&
		slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return p.Current && !p.Sidecar.Present })
}

func hasCurrent(wl mesh.Workload) bool {
	return slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return p.Current })
}
