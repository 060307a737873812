// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// swaps are the workloads that are moved pod by pod and still serve from another
// revision, or on the way back without some of their parked pods. Which pods these
// are is nobody's to approve: they change from look to look.
func swaps(w mesh.World, t Target, g Group) []Step {
	var steps []Step
	for _, wl := range swapping(w, t, g) {
		if from := unswappedYet(wl, t); from != "" {
			steps = append(steps, Step{Kind: Swap, Wave: g.Wave, Subject: wl.Key(), From: from, To: t.Want(wl)})
		}
	}
	return steps
}

// retirements are the workloads of which a swap leaves something, now or later.
func retirements(w mesh.World, t Target, g Group) []Step {
	var steps []Step
	for _, wl := range swapping(w, t, g) {
		if wl.Swapping() || unswappedYet(wl, t) != "" {
			steps = append(steps, Step{Kind: Retire, Wave: g.Wave, Subject: wl.Key(), To: t.Want(wl)})
		}
	}
	return steps
}

// swapping are the workloads of a wave that are moved pod by pod.
func swapping(w mesh.World, t Target, g Group) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			if t.Want(wl) != "" && t.Policy.Passage(wl).Way == BySwap {
				list = append(list, wl)
			}
		}
	}
	return list
}

// unswappedYet names the revisions that a workload serves from and should not, ""
// when there is nothing to swap.
func unswappedYet(wl mesh.Workload, t Target) string {
	if wl.Gone {
		return ""
	}
	var from []string
	for _, p := range wl.Live() {
		if p.Sidecar.Present && p.Sidecar.Revision != t.Want(wl) {
			from = append(from, p.Sidecar.Revision)
		}
	}
	if len(from) > 0 {
		return strings.Join(sorted(from), "+")
	}
	s := stockOf(wl, t)
	if t.Back && len(s.homing)+len(s.parked) > 0 && (s.partner() != nil || len(s.own) < wl.Wanted) {
		return "stand-ins"
	}
	return ""
}

// swapApproved reports whether the run was to move a workload pod by pod, of which
// no template tells.
func swapApproved(wl mesh.Workload, l Ledger) bool {
	return slices.ContainsFunc(l.Approved, func(s Step) bool { return s.Kind == Swap && s.Subject == wl.Key() })
}

// swapCovered reports whether what a swap does was agreed to with a swap that
// began elsewhere: which pods it has in hand, and of what, changes from look to look.
func swapCovered(s, a Step) bool {
	if s.Kind != Swap && s.Kind != Retire || a.Kind != Swap && a.Kind != s.Kind {
		return false
	}
	return a.Wave == s.Wave && a.Subject == s.Subject && a.To == s.To
}

// voidSwapped forgets the proofs of workloads that a plan swaps: their templates
// do not tell which pods were proven.
func voidSwapped(l Ledger, stages []Stage) {
	for _, s := range Flat(stages) {
		if s.Kind != Swap {
			continue
		}
		for key := range l.Passed {
			if strings.HasPrefix(key, "prove "+s.Subject+" ") {
				delete(l.Passed, key)
			}
		}
	}
}
