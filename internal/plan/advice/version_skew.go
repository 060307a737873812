// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// maxMinorSkew is how many minor versions an upgrade by revisions may cross: two ("jumping
// across two minor versions", istio.io, docs/setup/upgrade/canary; Istio 1.30.3 tests
// upgrades from N-1 and N-2 in tests/integration/helm/upgrade).
const maxMinorSkew = 2

// versionSkew notes each old control plane whose version is newer than the target's, or more
// minor versions older than Istio tests.
func versionSkew(w mesh.World, t step.Target) []step.Note {
	fresh, there := w.Revision(t.Revision)
	to := cmp.Or(t.Version, fresh.Version)
	if t.Rollback || !there && t.Version == "" {
		return nil
	}
	left := map[string]bool{}
	for _, ns := range t.Namespaces() {
		for _, wl := range w.WorkloadsIn(ns) {
			for _, name := range wl.Sidecars() {
				left[name] = name != t.Revision
			}
		}
	}
	var notes []step.Note
	for _, r := range w.Revisions {
		minors, known := minorsBetween(r.Version, to)
		if !left[r.Name] || !known {
			continue
		}
		n := step.Note{Kind: step.VersionSkew, Subject: "revision " + r.Name, Evidence: r.Version + " -> " + to}
		switch {
		case minors > maxMinorSkew:
			n.Text = fmt.Sprintf(
				"is %d minor versions behind the new one, and Istio tests upgrades across at most %d: upgrade to a version in between first, "+
					"or read the upgrade notes of each",
				minors, maxMinorSkew,
			)
		case minors < 0:
			n.Text = "is newer than the target revision: configuration that only the newer version knows is then ignored"
		default:
			continue
		}
		notes = append(notes, n)
	}
	return notes
}

// minorsBetween returns how many minor versions to is ahead of from, and false where one of
// them is no version.
func minorsBetween(from, to string) (int, bool) {
	var a, b, x, y int
	if n, _ := fmt.Sscanf(from, "%d.%d", &a, &x); n != 2 {
		return 0, false
	}
	if n, _ := fmt.Sscanf(to, "%d.%d", &b, &y); n != 2 || a != b {
		return 0, false
	}
	return y - x, true
}
