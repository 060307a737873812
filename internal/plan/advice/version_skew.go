// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// maxMinorSkew is how many minor versions an upgrade by revisions may go at once: two
// ("jumping across two minor versions", istio.io, docs/setup/upgrade/canary; the
// tests of Istio 1.30.3 in tests/integration/helm/upgrade go from N-1 and N-2).
const maxMinorSkew = 2

// VersionSkew names each control plane that is left from which the new one is more
// minors away than Istio tests, or older.
func VersionSkew(w mesh.World, t step.Target) []step.Note {
	fresh, there := w.Revision(t.Revision)
	to := cmp.Or(t.Version, fresh.Version)
	if t.Rollback || !there && t.Version == "" {
		return nil
	}
	left := map[string]bool{}
	for _, ns := range t.Namespaces() {
		for _, wl := range w.In(ns) {
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
			n.Text = fmt.Sprintf("is %d minor versions behind the new one, and Istio tests upgrades over %d at most: go by way of one in between, or read the upgrade notes of each", minors, maxMinorSkew)
		case minors < 0:
			n.Text = "is newer than the revision that is moved to: configuration that only the newer one knows is ignored from then on"
		default:
			continue
		}
		notes = append(notes, n)
	}
	return notes
}

// minorsBetween is how many minor versions to is ahead of from; false where one of
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
