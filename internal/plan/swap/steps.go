// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Steps returns the workloads of a wave that are swapped and still serve from another
// revision, or, on rollback, without some of their parked pods. Which pods a swap
// moves next changes between observations and is not approved.
func Steps(w mesh.World, t step.Target, g step.Wave, decide func(mesh.Workload) step.Decision) []step.Step {
	var steps []step.Step
	for _, wl := range workloads(w, t, g, decide) {
		if from := revisionsLeft(wl, t); from != "" {
			s := step.Step{
				Kind: step.Swap, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: from, To: t.RevisionOf(wl),
				TemplateLabel: t.TemplateLabels[wl.Ref()],
			}
			if !t.Rollback {
				s.Input = t.RenderedInputs[wl.Ref()]
			}
			if s.TemplateLabel != "" && wl.ByGitOps() {
				s.By = wl.ManagedBy
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// DeleteParkedSteps returns the workloads of which a swap leaves pods or a keeper, now
// or later.
func DeleteParkedSteps(w mesh.World, t step.Target, g step.Wave, decide func(mesh.Workload) step.Decision) []step.Step {
	var steps []step.Step
	for _, wl := range workloads(w, t, g, decide) {
		if wl.Swapping() || revisionsLeft(wl, t) != "" {
			steps = append(steps, step.Step{Kind: step.DeleteParked, Wave: g.Number, Subject: step.Subject(wl.Ref()), To: t.RevisionOf(wl)})
		}
	}
	return steps
}

// workloads returns the workloads of a wave that are swapped.
func workloads(w mesh.World, t step.Target, g step.Wave, decide func(mesh.Workload) step.Decision) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			if t.RevisionOf(wl) != "" && decide(wl).Strategy.ParksPods() {
				list = append(list, wl)
			}
		}
	}
	return list
}

// revisionsLeft names the revisions that a workload serves from and should not, "" when
// there is nothing to swap.
func revisionsLeft(wl mesh.Workload, t step.Target) string {
	if wl.Deleted {
		return ""
	}
	var from []string
	for _, p := range wl.Live() {
		if p.Sidecar.Present && p.Sidecar.Revision != t.RevisionOf(wl) {
			from = append(from, p.Sidecar.Revision)
		}
	}
	if len(from) > 0 {
		return mesh.JoinRevisions(step.SortedUnique(from))
	}
	if heldLeft(wl, t) {
		return step.HeldRollout
	}
	s := PodsOf(wl, t)
	if s.held {
		if s.mayReturn() {
			return step.Replacements
		}
		return ""
	}
	if t.Rollback && len(s.Returning)+len(s.Parked) > 0 && (s.toReplace() != nil || len(s.attached) < wl.Replicas) {
		return step.Replacements
	}
	return ""
}

// ForgetVerdicts deletes the verdicts of workloads that a plan swaps: a template does
// not identify the pods that were verified.
func ForgetVerdicts(l step.Ledger, stages []step.Stage) {
	for _, s := range step.Flat(stages) {
		if s.Kind != step.Swap {
			continue
		}
		for key := range l.Passed {
			if key.Kind == step.Verify && key.Workload == s.Workload() {
				delete(l.Passed, key)
			}
		}
	}
}
