// SPDX-License-Identifier: Apache-2.0

package step

import "github.com/rerig/rerig/internal/mesh"

// MaxTrialsEnded is how many trial pods of a workload may run to an end before the run
// holds: a node's pressure or shutdown ends one, whatever ends them all is no chance.
const MaxTrialsEnded = 3

// NoteTrialEnded notes a trial pod that has run to its end, and is how many did. A run
// that is resumed begins anew.
func (l *Ledger) NoteTrialEnded(wl mesh.Workload, want string, x mesh.Trial) int {
	key := restartKey(wl, want) + " tried"
	appendOnce(&l.Evictions, key, shortUID(x.Pod.UID))
	return len(l.Evictions[key])
}
