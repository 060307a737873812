// SPDX-License-Identifier: Apache-2.0

package step

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// NoteUnannotated keeps which workloads were to be swapped, and of which the template
// was to be pinned without a restart, before another approval takes the place of the
// one that says so: no stamp tells of it.
func (l *Ledger) NoteUnannotated() {
	for _, s := range l.Approved {
		switch {
		case s.Kind == Swap:
			l.SwapApproved = withKey(l.SwapApproved, s.Subject)
		case s.TemplateLabel != "" && s.Kind != Restart:
			l.TemplateLabelled = withKey(l.TemplateLabelled, s.Subject)
		}
	}
}

func withKey(keys map[string]bool, key string) map[string]bool {
	if keys == nil {
		keys = map[string]bool{}
	}
	keys[key] = true
	return keys
}

// Unannotated are the workloads that a run has moved, or may have, without a stamp.
func (l Ledger) Unannotated() map[string]bool {
	l = l.Clone()
	l.NoteUnannotated()
	all := map[string]bool{}
	for _, keys := range []map[string]bool{l.EvictedFrom, l.SwapApproved, l.TemplateLabelled} {
		maps.Copy(all, keys)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// NoteEviction notes a pod that is about to be evicted.
func (l *Ledger) NoteEviction(wl mesh.Workload, want string, p mesh.Pod) {
	if l.EvictedFrom == nil {
		l.EvictedFrom = map[string]bool{}
	}
	l.EvictedFrom[wl.Key()] = true
	appendOnce(&l.Evictions, restartKey(wl, want), shortUID(p.UID))
}

// Evicted is how many pods of a workload a run has evicted in its stage. One that
// was noted and is still there was not.
func (l Ledger) Evicted(wl mesh.Workload, want string) int {
	n := 0
	for _, uid := range l.Evictions[restartKey(wl, want)] {
		if !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return shortUID(p.UID) == uid }) {
			n++
		}
	}
	return n
}

// shortUID is enough of a UID to tell the pods of one workload apart: half of what a
// long run writes down would be these.
func shortUID(uid string) string { return uid[:min(len(uid), 8)] }
