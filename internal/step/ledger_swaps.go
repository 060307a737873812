// SPDX-License-Identifier: Apache-2.0

package step

import "github.com/rerig/rerig/internal/mesh"

// NoteWrongReplacement notes a replacement that is about to be released, because the wrong
// revision injected it.
func (l *Ledger) NoteWrongReplacement(wl mesh.Workload, want string, p mesh.Pod) {
	appendOnce(&l.Evictions, wrongReplacementKey(wl, want), shortUID(p.UID))
}

// MisledTooOften reports whether a swap has released as many such replacements as a
// restart is repeated. A run that is resumed begins anew: somebody may have mended
// what injects them.
func (l Ledger) MisledTooOften(wl mesh.Workload, want string) bool {
	return len(l.Evictions[wrongReplacementKey(wl, want)]) >= MaxAttempts
}

func wrongReplacementKey(wl mesh.Workload, want string) string {
	return restartKey(wl, want) + " misled"
}
