// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// intentWithTrials requests a trial of everything, out of service in namespace c.
func intentWithTrials() step.Intent {
	in := plantest.Intent()
	in.Policy = step.Policy{
		Trial: step.InService,
		Rules: []step.Rule{{Namespace: "c", Trial: step.OutOfService}, {Namespace: "d", Name: "w2", Trial: step.NoTrial}},
	}
	return in
}

// trialPod returns a trial pod of a workload's current template.
func trialPod(w mesh.World, key string) mesh.Trial {
	wl, _ := w.Workload(mesh.WorkloadRef(key))
	return mesh.Trial{
		Run: "to-1-31-0", Workload: mesh.WorkloadRef(key), Template: wl.Template.Hash, Revision: "1-31-0",
		Mode: string(step.InService), Namespace: wl.Namespace, Pod: mesh.Pod{Name: wl.Name + "-trial", UID: "u1"},
	}
}

func TestLawsHoldWithTrials(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := plantest.World()
		target := plantest.Forward(t, w, intentWithTrials(), step.Ledger{})
		planned := plan.Make(w, target, step.Ledger{})
		end, l, done := plantest.Run(t, w, target, plan.NewLedger(planned, plantest.Noon), -1, r.IntN, func(
			w mesh.World, l step.Ledger, left []step.Stage, s step.Step,
		) {
			suffix := planned.Stages[len(planned.Stages)-len(left):]
			if diff := cmp.Diff(suffix[1:], left[1:]); diff != "" {
				t.Fatalf("later stages (-plan +remaining):\n%s", diff)
			}
			if drift := plan.Drift(left, target, l); drift != nil {
				t.Fatalf("drift without a disturbance: got %v, want none", drift)
			}
			ns, _ := w.Namespace(string(s.Subject))
			for _, wl := range w.WorkloadsIn(ns.Name) {
				if _, passed := l.Passed[step.TrialKey(w, wl, "1-31-0", target.Policy.TrialOf(wl))]; s.Kind == step.Label && !passed &&
					target.Policy.TrialOf(wl) != step.NoTrial {
					t.Errorf("got step %s before the trial of %s", s, wl.Ref())
				}
			}
		})
		n := 0
		for _, s := range done {
			if s.Kind == step.Trial {
				n++
			}
		}
		if left := plan.Steps(end, target, l); n != 11 || left != nil {
			t.Fatalf("got %d trials and remaining steps %v, want 11 and none", n, left)
		}
	}
}

// A trial with a verdict lasts until its pod is deleted.
func TestTrialLastsUntilItsPodIsGone(t *testing.T) {
	w := plantest.World()
	target := plantest.Forward(t, w, intentWithTrials(), step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), 5, plantest.First, nil)
	key := "DaemonSet a/w2"
	w.Trials = []mesh.Trial{trialPod(w, key)}
	if left := plan.Steps(w, target, l); left[0].Kind != step.Trial || string(left[0].Steps[0].Subject) != key {
		t.Errorf("first stage while the pod exists: got %v, want the trial", left[0])
	}
	w.Trials = nil
	if left := plan.Steps(w, target, l); left[0].Kind == step.Trial && string(left[0].Steps[0].Subject) == key {
		t.Errorf("first stage after the pod is deleted: got %v, want no trial of it", left[0])
	}
}

// A template that changes after its trial gets another trial, which is no drift, until its
// namespace is bound to the target.
func TestChangedTemplateGetsANewTrial(t *testing.T) {
	w := plantest.World()
	target := plantest.Forward(t, w, intentWithTrials(), step.Ledger{})
	w, l, done := plantest.Run(t, w, target, plantest.NewLedger(w, target), 6, plantest.First, nil)
	if done[5].Kind != step.Trial || plan.Steps(w, target, l)[0].Kind != step.Label {
		t.Fatalf("got steps %v, want the label next", done)
	}
	i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "DaemonSet a/w2" })
	w.Workloads[i].Template.Hash = "deployed"
	left := plan.Steps(w, target, l)
	if len(left[0].Steps) != 1 || left[0].Kind != step.Trial || left[0].Steps[0].Subject != "DaemonSet a/w2" ||
		plan.Drift(left, target, l) != nil {
		t.Errorf("got first stage %v and drift %v, want a trial and none", left[0], plan.Drift(left, target, l))
	}
	w, l = plan.Simulate(w, target, l, left[0].Steps[0], plantest.Noon)
	w, l = plan.Simulate(w, target, l, plan.Steps(w, target, l)[0].Steps[0], plantest.Noon)
	w.Workloads[i].Template.Hash = "deployed again"
	if left := plan.Steps(w, target, l); left[0].Kind == step.Trial && left[0].Wave == 1 {
		t.Errorf("in a namespace that is bound to the target: got %v, want no trial", left[0])
	}
}

// Leftover trial pods are deleted first, in a rollback and where no trial is wanted, without
// approval.
func TestLeftoverTrialPodsAreDeleted(t *testing.T) {
	w := plantest.World()
	w.CRDInstalled = true
	target := plantest.Forward(t, w, intentWithTrials(), step.Ledger{})
	l := plantest.NewLedger(w, target)
	l.Reached = plan.RankOf(target, 2, step.Soak)
	w.Trials = []mesh.Trial{trialPod(w, "DaemonSet a/w2"), {Run: "another", Workload: "DaemonSet a/w2"}}
	for _, tc := range []struct {
		name string
		to   step.Target
	}{
		{"back", plan.RollbackTarget(intentWithTrials(), l, 0)},
		{"one wave back", plan.RollbackTarget(intentWithTrials(), l, 3)},
		{"not wanted", plantest.Forward(t, w, plantest.Intent(), l)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			left := plan.Steps(w, tc.to, l)
			if left[0].Kind != step.DeleteTrial || len(left[0].Steps) != 1 {
				t.Fatalf("first stage: got %v, want one deletion", left[0])
			}
			if drift := plan.Drift(left, tc.to, l); slices.ContainsFunc(drift, func(s step.Step) bool { return s.Kind == step.DeleteTrial }) {
				t.Errorf("drift: got %v, want no deletion of a trial pod", drift)
			}
			changes, err := plan.Render(left[0].Steps[0], tc.to, plantest.Noon)
			if err != nil || len(changes) != 1 || changes[0].Verb != step.Delete || changes[0].Namespace != "a" ||
				changes[0].Name != "w2-trial" || changes[0].Expect != "u1" {
				t.Errorf("changes: got %+v, %v, want a deletion of a/w2-trial", changes, err)
			}
			after, _ := plan.Simulate(w, tc.to, l, left[0].Steps[0], plantest.Noon)
			if len(after.Trials) != 1 || after.Trials[0].Run != "another" {
				t.Errorf("trial pods after it: got %v, want that of another run", after.Trials)
			}
		})
	}
	if left := plan.Steps(w, target, l); left[0].Kind == step.DeleteTrial {
		t.Errorf("pod of a current trial: got %v, want no deletion", left[0])
	}
}

func TestNotesNameImpossibleTrials(t *testing.T) {
	w := plantest.World()
	i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "StatefulSet b/w1" })
	w.Workloads[i].NoSecondPod = "its pods hold volume claims of their own (data)"
	p := plan.Make(w, plantest.Forward(t, w, intentWithTrials(), step.Ledger{}), step.Ledger{})
	w.Capacity.Quotas = []mesh.Quota{{Namespace: "d", Name: "full", Resource: "pods", Hard: 12, Used: 12}}
	notes := plan.Make(w, plantest.Forward(t, w, intentWithTrials(), step.Ledger{}), step.Ledger{}).Notes
	lacks := func(n step.Note) bool {
		return n.Kind == step.NoCapacity && n.Subject == "StatefulSet d/w1" &&
			strings.Contains(n.Text, "lacks capacity for its trial pod") && strings.Contains(n.Evidence, "full")
	}
	if !slices.ContainsFunc(notes, lacks) {
		t.Errorf("notes: got %+v, want one that the trial pod lacks capacity", notes)
	}
	named := map[string]step.NoteKind{}
	for _, n := range p.Notes {
		if n.Kind == step.TrialFirst || n.Kind == step.TrialImpossible {
			named[n.Subject] = n.Kind
		}
	}
	if named["StatefulSet b/w1"] != step.TrialImpossible || named["DaemonSet a/w2"] != step.TrialFirst ||
		named["DaemonSet d/w2"] != "" || len(named) != 11 {
		t.Errorf("subjects: got %v, want 11 with StatefulSet b/w1 impossible", named)
	}
	if slices.ContainsFunc(step.Flat(p.Stages), func(s step.Step) bool { return s.Kind == step.Trial && s.Subject == "StatefulSet b/w1" }) {
		t.Error("StatefulSet b/w1: got a trial, want none")
	}
}
