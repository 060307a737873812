// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/rerig/rerig/internal/mesh"

// Endings is how many trial pods of a workload may run to an end before the run
// holds: a node's pressure or shutdown ends one, whatever ends them all is no chance.
const Endings = 3

// NoteEnded notes a trial pod that has run to its end, and is how many did. A run
// that is resumed begins anew.
func (l *Ledger) NoteEnded(wl mesh.Workload, want string, x mesh.Trial) int {
	key := restartKey(wl, want) + " tried"
	note(&l.Evictions, key, short(x.Pod.UID))
	return len(l.Evictions[key])
}
