// SPDX-License-Identifier: Apache-2.0

package step

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// ValidateKey is under what a control plane's verdict is kept: its name and its
// istiods' build, so that another build is judged again.
func ValidateKey(w mesh.World, revision string) string {
	return fmt.Sprintf("admit %s %s", revision, istiodBuilds(w, revision))
}

// VerifyKey is under what a workload's verdict is kept: the template, the
// revision and the istiod build that were judged. A change of any voids it.
func VerifyKey(w mesh.World, wl mesh.Workload, want string) string {
	return fmt.Sprintf("prove %s %s %s %s", wl.Key(), wl.Template.Hash, want, istiodBuilds(w, want))
}

// TrialKey is under what the verdict on a workload's trial pod is kept: what was
// judged, and how it stood.
func TrialKey(w mesh.World, wl mesh.Workload, want string, mode TrialMode) string {
	return fmt.Sprintf("trial %s %s %s %s %s", wl.Key(), wl.Template.Hash, want, istiodBuilds(w, want), mode)
}

// SoakKey is under what a wave's soak, and its end, is kept.
func SoakKey(wave int, revision string) string { return fmt.Sprintf("soak %d %s", wave, revision) }

// restartKey is under what restarts are noted.
func restartKey(wl mesh.Workload, want string) string { return wl.Key() + " " + want }

// istiodBuilds names the istiod builds of a revision.
func istiodBuilds(w mesh.World, revision string) string {
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

// TrialVerdict is the newest verdict on a trial pod of a workload. The template that was
// tried need not be the one that it has now: a restart stamps it.
func (l Ledger) TrialVerdict(wl mesh.Workload) (Pass, bool) {
	var newest Pass
	for key, pass := range l.Passed {
		if strings.HasPrefix(key, "trial "+wl.Key()+" ") && pass.At.After(newest.At) {
			newest = pass
		}
	}
	return newest, !newest.At.IsZero()
}
