// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/rerig/rerig/internal/mesh"

// NoteMisled notes a replacement that is about to be released, because the wrong
// revision injected it.
func (l *Ledger) NoteMisled(wl mesh.Workload, want string, p mesh.Pod) {
	note(&l.Evictions, misledKey(wl, want), short(p.UID))
}

// Misled reports whether a swap has released as many such replacements as a
// restart is repeated. A run that is resumed begins anew: somebody may have mended
// what injects them.
func (l Ledger) Misled(wl mesh.Workload, want string) bool {
	return len(l.Evictions[misledKey(wl, want)]) >= Attempts
}

func misledKey(wl mesh.Workload, want string) string { return restartKey(wl, want) + " misled" }
