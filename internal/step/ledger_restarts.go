// SPDX-License-Identifier: Apache-2.0

package step

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// NoteRestart notes a restart that is about to be made, by the template that it
// starts from.
func (l *Ledger) NoteRestart(wl mesh.Workload, want string) {
	appendOnce(&l.Restarts, restartKey(wl, want), wl.Template.Hash)
}

// appendOnce adds to one of a ledger's lists what is not in it yet.
func appendOnce(lists *map[string][]string, key, what string) {
	if *lists == nil {
		*lists = map[string][]string{}
	}
	if list := (*lists)[key]; !slices.Contains(list, what) {
		(*lists)[key] = append(slices.Clone(list), what)
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
