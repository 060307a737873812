// SPDX-License-Identifier: Apache-2.0

// Package trial plans trial pods: one pod of a real workload on the target revision,
// beside the others, before its namespace is relabelled.
package trial

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Steps returns the workloads of a wave whose trial is not complete. A step remains
// until the verdict is recorded and the trial pod is deleted.
func Steps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			mode, want := t.Policy.TrialOf(wl), t.RevisionOf(wl)
			if !needsTrial(w, t, wl) || unsuitable(wl) != "" {
				continue
			}
			_, passed := l.Passed[step.TrialKey(w, wl, want, mode)]
			if !passed || len(w.TrialsOf(t.Run, wl.Ref())) > 0 {
				steps = append(steps, step.Step{Kind: step.Trial, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: string(mode), To: want})
			}
		}
	}
	return steps
}

// needsTrial reports whether a workload needs a trial before it is moved: its next pod
// would still be injected by another revision. Once it would be the target, its own pods
// show the same. A swap begins with one pod in any case; that of a gateway serves clients
// from outside before it can be compared, and needs a trial all the same; none is possible
// of one whose template is rendered for one revision.
func needsTrial(w mesh.World, t step.Target, wl mesh.Workload) bool {
	want := t.RevisionOf(wl)
	p := strategy.Decide(t.Policy, wl)
	if wl.Prerendered() {
		return false // its template is another revision's until the move
	}
	if t.Rollback || want == "" || t.Policy.TrialOf(wl) == step.NoTrial || !p.Moves() || p.Strategy == step.BySwap && !wl.Gateway ||
		len(strategy.Outdated(w, wl, want)) == 0 {
		return false
	}
	ns, _ := w.Namespace(wl.Namespace)
	return !slices.Equal(w.Injectors(ns, wl.Template), []string{want})
}

// unsuitable returns why no trial pod of a workload can be created, "" when one can.
func unsuitable(wl mesh.Workload) string {
	if wl.Kind.Templated() {
		return wl.NoSecondPod
	}
	return "only its own controller can create pods of a " + string(wl.Kind)
}

// DeleteSteps returns the trial pods of the run that no trial needs: after a rollback
// began, the workload was deleted, or the choice changed.
func DeleteSteps(w mesh.World, t step.Target, l step.Ledger) []step.Step {
	if !slices.ContainsFunc(w.Trials, func(x mesh.Trial) bool { return x.Run == t.Run }) {
		return nil
	}
	wanted := map[mesh.WorkloadRef]bool{}
	for _, g := range t.Waves {
		for _, s := range Steps(w, t, l, g) {
			wanted[s.Workload()] = true
		}
	}
	var steps []step.Step
	for _, x := range w.Trials {
		if x.Run == t.Run && !wanted[x.Workload] {
			steps = append(steps, DeleteStep(x))
		}
	}
	return steps
}

// DeleteStep returns the step that deletes a trial pod.
func DeleteStep(x mesh.Trial) step.Step {
	return step.Step{Kind: step.DeleteTrial, Subject: step.Subject(x.Workload), From: podRef(x).String()}
}

// podRef returns the reference of a trial pod.
func podRef(x mesh.Trial) mesh.PodRef {
	return mesh.PodRef{Namespace: x.Namespace, Name: x.Pod.Name, UID: x.Pod.UID}
}

// PodChange returns a change of a trial pod.
func PodChange(v step.Verb, x mesh.Trial) step.Change {
	return step.Change{Verb: v, Kind: "Pod", Namespace: x.Namespace, Name: x.Pod.Name, Expect: x.Pod.UID}
}

// Render renders the creation of a trial pod.
func Render(s step.Step, run string) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	return step.Change{
		Verb: step.CreateTrial, Kind: string(wl.Kind()), Namespace: wl.Namespace(), Name: wl.Name(),
		Trial: &step.TrialPod{Run: run, Revision: s.To, Mode: step.TrialMode(s.From)},
	}, nil
}

// RenderDelete renders the deletion of a trial pod.
func RenderDelete(s step.Step) (step.Change, error) {
	pod, err := s.Pod()
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	return step.Change{Verb: step.Delete, Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, Expect: pod.UID}, nil
}

// SimulateDelete predicts the deletion of a trial pod.
func SimulateDelete(w *mesh.World, s step.Step) {
	w.Trials = slices.DeleteFunc(slices.Clone(w.Trials), func(x mesh.Trial) bool { return DeleteStep(x) == s })
}

// noCapacity notes missing capacity for a trial pod.
func noCapacity(w mesh.World, wl mesh.Workload) []step.Note {
	lack := w.Shortage(wl, 1)
	if lack == "" {
		return nil
	}
	return []step.Note{{Kind: step.NoCapacity, Subject: string(wl.Ref()), Evidence: lack, Remedy: "raise the quota, add a node, or " +
		"scale something down; or move it without a trial",
		Text: "lacks capacity for its trial pod: the run holds if that does not change"}}
}

// evictionsBlocked: the disruption controller computes no budget for a pod whose
// controller has no scale (getExpectedScale in pkg/controller/disruption/disruption.go,
// Kubernetes v1.34).
const evictionsBlocked = "; while it exists, a PodDisruptionBudget that selects it and has maxUnavailable, or a percentage, " +
	"allows no eviction of any pod (condition SyncFailed)"

// trialEffects notes what one more pod means for the workload.
func trialEffects(t step.Target, wl mesh.Workload, mode step.TrialMode) []step.Note {
	text := "gets a trial first: one more pod, on " + t.RevisionOf(wl)
	switch {
	case mode == step.OutOfService:
		text += ", that is no endpoint of its Services"
	case len(Services(wl)) == 0:
		text += ", that gets no requests: no Service selects it, or one publishes pods that are not ready, and it lacks that Service's labels"
	default:
		text += ", that serves beside the others for a while once it is verified; autoscalers and PodDisruptionBudgets that select its " +
			"labels count it meanwhile"
	}
	return []step.Note{{Kind: step.TrialFirst, Subject: string(wl.Ref()), Text: text + evictionsBlocked, Evidence: string(mode)}}
}
