// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Steps are the workloads of a wave of which a pod has to be tried still. The
// step stays until the verdict is there and the pod is gone: what has passed and
// still stands there is under way.
func Steps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
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

// needsTrial reports whether a workload ought to be tried before it is moved: while
// its next pod would still be injected by another revision. Once that is the
// target, its own pods are the trial. A swap tries its first pod by itself.
func needsTrial(w mesh.World, t step.Target, wl mesh.Workload) bool {
	want := t.RevisionOf(wl)
	p := strategy.Decide(t.Policy, wl)
	if t.Rollback || want == "" || t.Policy.TrialOf(wl) == step.NoTrial || !p.Moves() || p.Strategy == step.BySwap || len(strategy.Outdated(w, wl, want)) == 0 {
		return false
	}
	ns, _ := w.Namespace(wl.Namespace)
	return !slices.Equal(w.Injectors(ns, wl.Template), []string{want})
}

// unsuitable says why no pod of a workload can be tried, "" when one can.
func unsuitable(wl mesh.Workload) string {
	if wl.Kind.Templated() {
		return wl.NoSecondPod
	}
	return "of a " + string(wl.Kind) + " no pod can be made but by its own controller"
}

// DeleteSteps are the run's trial pods that no trial asks for: those of a way
// forth that was turned around, of a workload that is gone, or of a wish that was
// taken back.
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

// DeleteStep is the step that ends one trial pod.
func DeleteStep(x mesh.Trial) step.Step {
	return step.Step{Kind: step.DeleteTrial, Subject: step.Subject(x.Workload), From: PodRef(x).String()}
}

// PodRef returns the reference of a trial pod.
func PodRef(x mesh.Trial) mesh.PodRef {
	return mesh.PodRef{Namespace: x.Namespace, Name: x.Pod.Name, UID: x.Pod.UID}
}

// PodChange is a change of one trial pod.
func PodChange(v step.Verb, x mesh.Trial) step.Change {
	return step.Change{Verb: v, Kind: "Pod", Namespace: x.Namespace, Name: x.Pod.Name, Expect: x.Pod.UID}
}

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

func RenderDelete(s step.Step) (step.Change, error) {
	pod, err := s.Pod()
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	return step.Change{Verb: step.Delete, Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, Expect: pod.UID}, nil
}

// SimulateDelete takes a trial pod out of a predicted World.
func SimulateDelete(w *mesh.World, s step.Step) {
	w.Trials = slices.DeleteFunc(slices.Clone(w.Trials), func(x mesh.Trial) bool { return DeleteStep(x) == s })
}

// noRoom says that a trial pod finds no place.
func noRoom(w mesh.World, wl mesh.Workload) []step.Note {
	lack := w.Shortage(wl, 1)
	if lack == "" {
		return nil
	}
	return []step.Note{{Kind: step.NoRoom, Subject: string(wl.Ref()), Evidence: lack, Remedy: "make room: raise the quota, add a node, or scale something down; or have it moved without a trial",
		Text: "has no room for its trial pod, which holds the run when that does not change"}}
}

// evictionsBlocked is what the disruption controller makes of a pod whose controller has
// no scale, where it has to know one: getExpectedScale in
// pkg/controller/disruption/disruption.go, Kubernetes v1.34.
const evictionsBlocked = "; while it stands, a disruption budget that selects it and has maxUnavailable, or a percentage, allows no eviction of any pod (its condition says SyncFailed)"

// trialEffects says what it means that one more pod stands there.
func trialEffects(t step.Target, wl mesh.Workload, mode step.TrialMode) []step.Note {
	text := "is tried first: one more pod of it, on " + t.RevisionOf(wl)
	switch {
	case mode == step.OutOfService:
		text += ", that its Services do not lead to"
	case len(Services(wl)) == 0:
		text += ", that serves nobody: no Service leads to it, or one does before a pod is ready, whose labels it then lacks"
	default:
		text += ", that serves beside the others for a while, once it is proven; autoscalers and disruption budgets that select by its labels count it meanwhile"
	}
	return []step.Note{{Kind: step.TrialFirst, Subject: string(wl.Ref()), Text: text + evictionsBlocked, Evidence: string(mode)}}
}
