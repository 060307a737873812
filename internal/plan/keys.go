// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// AdmitKey is under what a control plane's verdict is kept: its name and its
// istiods' build, so that another build is judged again.
func AdmitKey(w mesh.World, revision string) string {
	return fmt.Sprintf("admit %s %s", revision, build(w, revision))
}

// ProofKey is under what a workload's verdict is kept: the template, the
// revision and the istiod build that were judged. A change of any voids it.
func ProofKey(w mesh.World, wl mesh.Workload, want string) string {
	return fmt.Sprintf("prove %s %s %s %s", wl.Key(), wl.Template.Hash, want, build(w, want))
}

// TrialKey is under what the verdict on a workload's trial pod is kept: what was
// judged, and how it stood.
func TrialKey(w mesh.World, wl mesh.Workload, want string, mode TrialMode) string {
	return fmt.Sprintf("trial %s %s %s %s %s", wl.Key(), wl.Template.Hash, want, build(w, want), mode)
}

// SoakKey is under what a wave's soak, and its end, is kept.
func SoakKey(wave int, revision string) string { return fmt.Sprintf("soak %d %s", wave, revision) }

// restartKey is under what restarts are noted.
func restartKey(wl mesh.Workload, want string) string { return wl.Key() + " " + want }

// Key is under what a judging step's verdict is kept.
func Key(w mesh.World, s Step, t Target) string {
	switch s.Kind {
	case Admit:
		return AdmitKey(w, s.Subject)
	case Trial:
		wl, _ := w.Workload(s.Subject)
		return TrialKey(w, wl, s.To, TrialMode(s.From))
	case Prove:
		wl, _ := w.Workload(s.Subject)
		return ProofKey(w, wl, s.To)
	case Try:
		return tryKey(s, t)
	}
	return SoakKey(s.Wave, t.Revision)
}

// build names the istiod builds of a revision.
func build(w mesh.World, revision string) string {
	r, _ := w.Revision(revision)
	var builds []string
	for _, i := range r.Istiods {
		if !slices.Contains(builds, i.Build) {
			builds = append(builds, i.Build)
		}
	}
	slices.Sort(builds)
	return strings.Join(builds, "+")
}
