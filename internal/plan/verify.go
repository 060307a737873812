// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func verifications(v View, wave step.Wave) []step.Step {
	var steps []step.Step
	for _, wl := range v.workloadsToVerify(wave) {
		revision := v.Target.RevisionOf(wl)
		if _, ok := v.Ledger.Passed[step.VerifyKey(v.World, wl, revision)]; !ok {
			steps = append(steps, step.Step{Kind: step.Verify, Wave: wave.Number, Subject: step.Subject(wl.Ref()), To: revision})
		}
	}
	return steps
}

func soaks(v View, wave step.Wave) []step.Step {
	if v.Target.Soak == 0 {
		return nil
	}
	if _, ok := v.Ledger.Passed[step.SoakKey(wave.Number, v.Target.Revision)]; ok {
		return nil
	}
	namespaces := step.Subject(strings.Join(wave.Namespaces, ", "))
	return []step.Step{{Kind: step.Soak, Wave: wave.Number, Subject: namespaces, To: v.Target.Soak.String()}}
}

// WorkloadsToVerify returns the workloads of a wave that have to be verified: those
// that the run moves and that carry sidecars, or carried them when the run began and
// should have pods now. On rollback a workload that the run never touched is left out.
func WorkloadsToVerify(w mesh.World, t step.Target, l step.Ledger, wave step.Wave) []mesh.Workload {
	return newView(w, t, l).workloadsToVerify(wave)
}

func (v View) workloadsToVerify(wave step.Wave) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range wave.Namespaces {
		for _, wl := range v.World.WorkloadsIn(name) {
			if v.Target.RevisionOf(wl) == "" || wl.Deleted {
				continue
			}
			hadSidecars := v.Ledger.Baseline.Sidecars[wl.Ref()] != "" && wl.Replicas > 0
			if !wl.Injected() && !hadSidecars || !v.decide(wl).Moves() && !v.blockedSinceApproval(wl) {
				continue
			}
			if !v.Target.Rollback || v.touched(wl) {
				list = append(list, wl)
			}
		}
	}
	return list
}

// touched reports whether the run moved a workload, was to move it in a manner that
// leaves no restart annotation, or finds it on another revision than the target's.
func (v View) touched(wl mesh.Workload) bool {
	ref := wl.Ref()
	return wl.RestartAnnotation.Run == v.Target.Run || v.Ledger.EvictedFrom[ref] || v.approved.has(ref, step.EvictPods) ||
		wl.Swapping() || v.approved.has(ref, step.Swap) ||
		slices.ContainsFunc(wl.Sidecars(), func(r string) bool { return r != "" && r != v.Target.RevisionOf(wl) })
}

// blockedSinceApproval reports whether a workload was paused, or set to keep its old
// pods, after its restart was approved. It has to be verified all the same.
func (v View) blockedSinceApproval(wl mesh.Workload) bool {
	ref := wl.Ref()
	return (wl.Rollout.Paused || wl.Rollout.OnDelete) && (v.approved.has(ref, step.Restart) || v.approved.has(ref, step.EvictPods))
}

// approvals are the kinds of moves that were approved for each workload. They are
// indexed once per plan: a search for each workload would grow with the square.
type approvals map[mesh.WorkloadRef][]step.Kind

func approvalsOf(l step.Ledger) approvals {
	a := approvals{}
	for _, s := range l.Approved {
		if s.Kind.MovesPods() {
			a[s.Workload()] = append(a[s.Workload()], s.Kind)
		}
	}
	return a
}

func (a approvals) has(ref mesh.WorkloadRef, kind step.Kind) bool {
	return slices.Contains(a[ref], kind)
}
