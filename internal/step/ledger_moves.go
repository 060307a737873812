// SPDX-License-Identifier: Apache-2.0

package step

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// MaxAttempts bounds how often a run repeats what another component may undo:
//   - restarts of a workload in its stage: a pod may be injected before the API
//     server's webhooks see the new label;
//   - evicted pods, for each pod that the workload wants;
//   - pods of a swap that stay detached because their replacement was injected by the
//     wrong revision, or that are replacements which a crash left.
const MaxAttempts = 2

// MaxTrialsEnded bounds how many trial pods of a workload may run to their end before
// the run holds. One may end by a node's pressure or shutdown.
const MaxTrialsEnded = 3

// NoteRestart records a restart before it is made, by the template that it starts from.
func (l *Ledger) NoteRestart(wl mesh.Workload, revision string) {
	appendOnce(&l.Restarts, moveKey(wl, revision, Moves), wl.Template.Hash)
}

// Restarted returns how often the run has restarted a workload in its stage. A
// recorded restart that was never made (the write failed, the process was killed) left
// the template as it was, and does not count.
func (l Ledger) Restarted(wl mesh.Workload, revision string) int {
	n := 0
	for _, template := range l.Restarts[moveKey(wl, revision, Moves)] {
		if template != wl.Template.Hash {
			n++
		}
	}
	return n
}

// RestartedFrom reports whether a restart from the workload's present template is
// recorded already.
func (l Ledger) RestartedFrom(wl mesh.Workload, revision string) bool {
	return slices.Contains(l.Restarts[moveKey(wl, revision, Moves)], wl.Template.Hash)
}

// NoteEviction records a pod before it is evicted.
func (l *Ledger) NoteEviction(wl mesh.Workload, revision string, p mesh.Pod) {
	l.EvictedFrom = withRef(l.EvictedFrom, wl.Ref())
	appendOnce(&l.Evictions, moveKey(wl, revision, Moves), shortUID(p.UID))
}

// Evicted returns how many pods of a workload the run has evicted in its stage. A
// recorded pod that still exists was not evicted.
func (l Ledger) Evicted(wl mesh.Workload, revision string) int {
	n := 0
	for _, uid := range l.Evictions[moveKey(wl, revision, Moves)] {
		if !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return shortUID(p.UID) == uid }) {
			n++
		}
	}
	return n
}

// NoteWrongReplacement records a swap's replacement pod before it is detached because
// the wrong revision injected it.
func (l *Ledger) NoteWrongReplacement(wl mesh.Workload, revision string, p mesh.Pod) {
	appendOnce(&l.Evictions, moveKey(wl, revision, WrongReplacements), shortUID(p.UID))
}

// TooManyWrongReplacements reports whether a swap has detached MaxAttempts such pods.
// An approval begins the count again: what injects them may be repaired by then.
func (l Ledger) TooManyWrongReplacements(wl mesh.Workload, revision string) bool {
	return len(l.Evictions[moveKey(wl, revision, WrongReplacements)]) >= MaxAttempts
}

// NoteTrialEnded records a trial pod that ran to its end, and returns how many did.
func (l *Ledger) NoteTrialEnded(wl mesh.Workload, revision string, x mesh.Trial) int {
	key := moveKey(wl, revision, EndedTrials)
	appendOnce(&l.Evictions, key, shortUID(x.Pod.UID))
	return len(l.Evictions[key])
}

// TrialVerdict returns the newest verdict on a trial pod of a workload, and false
// where there is none. Its template may be an earlier one: a restart changes it.
func (l Ledger) TrialVerdict(wl mesh.Workload) (Pass, bool) {
	var newest Pass
	for key, pass := range l.Passed {
		if key.Kind == Trial && key.Workload == wl.Ref() && pass.At.After(newest.At) {
			newest = pass
		}
	}
	return newest, !newest.At.IsZero()
}

// NoteUnannotated keeps which workloads the present approval swaps, or labels without
// a restart, before another approval replaces it: no restart annotation shows them.
func (l *Ledger) NoteUnannotated() {
	for _, s := range l.Approved {
		switch {
		case s.Kind == Swap:
			l.SwapApproved = withRef(l.SwapApproved, s.Workload())
		case s.TemplateLabel != "" && s.Kind != Restart:
			l.TemplateLabelled = withRef(l.TemplateLabelled, s.Workload())
		}
	}
}

// Unannotated returns the workloads that the run has moved, or may have moved, without
// a restart annotation; nil for none.
func (l Ledger) Unannotated() map[mesh.WorkloadRef]bool {
	l = l.Clone()
	l.NoteUnannotated()
	all := map[mesh.WorkloadRef]bool{}
	for _, refs := range []map[mesh.WorkloadRef]bool{l.EvictedFrom, l.SwapApproved, l.TemplateLabelled} {
		maps.Copy(all, refs)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func moveKey(wl mesh.Workload, revision string, counts MoveCount) MoveKey {
	return MoveKey{Workload: wl.Ref(), Revision: revision, Counts: counts}
}

// appendOnce appends to one of a ledger's lists what it does not hold yet.
func appendOnce(lists *map[MoveKey][]string, key MoveKey, item string) {
	if *lists == nil {
		*lists = map[MoveKey][]string{}
	}
	if list := (*lists)[key]; !slices.Contains(list, item) {
		(*lists)[key] = append(slices.Clone(list), item)
	}
}

func withRef(refs map[mesh.WorkloadRef]bool, ref mesh.WorkloadRef) map[mesh.WorkloadRef]bool {
	if refs == nil {
		refs = map[mesh.WorkloadRef]bool{}
	}
	refs[ref] = true
	return refs
}

// shortUID returns enough of a UID to tell the pods of one workload apart. It keeps a
// long run's record half as large.
func shortUID(uid string) string { return uid[:min(len(uid), 8)] }

// NoteEvictedFrom records that pods of a workload were evicted.
func (l *Ledger) NoteEvictedFrom(ref mesh.WorkloadRef) { l.EvictedFrom = withRef(l.EvictedFrom, ref) }
