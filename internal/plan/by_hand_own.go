// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// ownByHand is byHand of what its own pods' labels bind: of a namespace that holds
// such workloads on the revision, with the runs that have marked them.
func ownByHand(w mesh.World, t Target, ns mesh.Namespace, revision string, runs []string) []Note {
	_, ours := t.Found.Revisions[ns.Name]
	n := Note{Kind: ByHand, Subject: ns.Name}
	var keys []string
	for _, key := range ownOn(w, ns, revision) {
		if was := t.Found.Revisions[key]; !ours || was == revision || t.From != "" && was == t.From {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 || ours && t.From != "" && (t.Back || slices.Contains(runs, t.Run)) {
		return nil
	}
	n.Evidence = "by their pods' own labels: " + strings.Join(keys, ", ")
	switch runs = theirs(runs, t); {
	case ours && t.From != "":
		n.Text = fmt.Sprintf("holds workloads that are on %s already: they belong to the run, are proven, and go back to %s", revision, t.From)
		return []Note{n}
	case ours:
		n.Text = fmt.Sprintf("holds workloads that were on %s before the run began: that is what was found, so a rollback leaves them there", revision)
	default:
		n.Text = fmt.Sprintf("holds workloads that are on %s already, and is no part of the run: a rollback leaves them there", revision)
	}
	switch {
	case len(runs) > 0:
		n.Kind, n.Clears = ByRun, rollbacks(t, runs)
	case !t.Back: // --from is said before a rollback, not to it
		n.Clears = takenUp
	}
	return []Note{n}
}
