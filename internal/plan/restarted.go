// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// NoteRestart notes a restart that is about to be made, by the template that it
// starts from.
func (l *Ledger) NoteRestart(wl mesh.Workload, want string) {
	if l.Restarts == nil {
		l.Restarts = map[string][]string{}
	}
	key := restartKey(wl, want)
	if from := l.Restarts[key]; !slices.Contains(from, wl.Template.Hash) {
		l.Restarts[key] = append(slices.Clone(from), wl.Template.Hash)
	}
}

// Restarted is how often a run has restarted a workload in its stage. A restart
// that was noted and then not made, because the write failed or its host died,
// has left the template as it was, and does not count.
func (l Ledger) Restarted(wl mesh.Workload, want string) int {
	n := 0
	for _, from := range l.Restarts[restartKey(wl, want)] {
		if from != wl.Template.Hash {
			n++
		}
	}
	return n
}

// RestartedFrom reports whether a restart of a workload was noted already from the
// template that it has now.
func (l Ledger) RestartedFrom(wl mesh.Workload, want string) bool {
	return slices.Contains(l.Restarts[restartKey(wl, want)], wl.Template.Hash)
}
