// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// trying asks for a trial of everything, out of service in namespace c.
func trying() step.Intent {
	in := intent()
	in.Policy = step.Policy{
		Trial: step.InService,
		Rules: []step.Rule{{Namespace: "c", Trial: step.OutOfService}, {Namespace: "d", Name: "w2", Trial: step.NoTrial}},
	}
	return in
}

// pod is a trial pod of a workload as it is now.
func trialPod(w mesh.World, key string) mesh.Trial {
	wl, _ := w.Workload(mesh.WorkloadRef(key))
	return mesh.Trial{Run: "to-1-31-0", Workload: mesh.WorkloadRef(key), Template: wl.Template.Hash, Revision: "1-31-0", Mode: string(step.InService), Namespace: wl.Namespace,
		Pod: mesh.Pod{Name: wl.Name + "-trial", UID: "u1"}}
}

func TestTheLawsHoldWithTrials(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := start()
		target := forward(t, w, trying(), step.Ledger{})
		plan := Make(w, target, step.Ledger{})
		end, l, done := carry(t, w, target, NewLedger(plan, noon), -1, r.IntN, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			suffix := plan.Stages[len(plan.Stages)-len(left):]
			if diff := cmp.Diff(suffix[1:], left[1:]); diff != "" {
				t.Fatalf("the later stages changed (-plan +left):\n%s", diff)
			}
			if strange := Drift(left, target, l); strange != nil {
				t.Fatalf("undisturbed, and yet drift: %v", strange)
			}
			ns, _ := w.Namespace(string(s.Subject))
			for _, wl := range w.In(ns.Name) {
				if _, tried := l.Passed[step.TrialKey(w, wl, "1-31-0", target.Policy.TrialOf(wl))]; s.Kind == step.Label && !tried &&
					target.Policy.TrialOf(wl) != step.NoTrial {
					t.Errorf("%s before %s was tried", s, wl.Ref())
				}
			}
		})
		n := 0
		for _, s := range done {
			if s.Kind == step.Trial {
				n++
			}
		}
		if left := Steps(end, target, l); n != 11 || left != nil {
			t.Fatalf("%d trials of 11; left %v", n, left)
		}
	}
}

// A trial whose verdict is there lasts until its pod is gone.
func TestATrialLastsUntilItsPodIsGone(t *testing.T) {
	w := start()
	target := forward(t, w, trying(), step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), 5, first, nil)
	key := "DaemonSet a/w2"
	w.Trials = []mesh.Trial{trialPod(w, key)}
	if left := Steps(w, target, l); left[0].Kind != step.Trial || string(left[0].Steps[0].Subject) != key {
		t.Errorf("while the pod of a passed trial stands there, the first stage is %v", left[0])
	}
	w.Trials = nil
	if left := Steps(w, target, l); left[0].Kind == step.Trial && string(left[0].Steps[0].Subject) == key {
		t.Errorf("once it is gone, the first stage is %v", left[0])
	}
}

// A template that changes after its trial is tried anew, without being drift,
// until the namespace is bound to the target.
func TestAChangedTemplateIsTriedAnew(t *testing.T) {
	w := start()
	target := forward(t, w, trying(), step.Ledger{})
	w, l, done := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), 6, first, nil)
	if done[5].Kind != step.Trial || Steps(w, target, l)[0].Kind != step.Label {
		t.Fatalf("this is not the moment: %v", done)
	}
	i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "DaemonSet a/w2" })
	w.Workloads[i].Template.Hash = "deployed"
	left := Steps(w, target, l)
	if len(left[0].Steps) != 1 || left[0].Kind != step.Trial || left[0].Steps[0].Subject != "DaemonSet a/w2" || Drift(left, target, l) != nil {
		t.Errorf("the first stage is %v, drift %v", left[0], Drift(left, target, l))
	}
	w, l = Simulate(w, target, l, left[0].Steps[0], noon)
	w, l = Simulate(w, target, l, Steps(w, target, l)[0].Steps[0], noon)
	w.Workloads[i].Template.Hash = "deployed again"
	if left := Steps(w, target, l); left[0].Kind == step.Trial && left[0].Wave == 1 {
		t.Errorf("it is tried in a namespace that is bound to the target: %v", left[0])
	}
}

// What is left of a trial goes first, on the way back and where nobody wants it,
// and nobody has to agree to that.
func TestLeftoverTrialPodsAreWithdrawn(t *testing.T) {
	w := start()
	w.CRDInstalled = true
	target := forward(t, w, trying(), step.Ledger{})
	l := NewLedger(Make(w, target, step.Ledger{}), noon)
	l.Reached = RankOf(target, 2, step.Soak)
	w.Trials = []mesh.Trial{trialPod(w, "DaemonSet a/w2"), {Run: "another", Workload: "DaemonSet a/w2"}}
	for name, to := range map[string]step.Target{
		"back":          RollbackTarget(trying(), l, 0),
		"one wave back": RollbackTarget(trying(), l, 3),
		"not wanted":    forward(t, w, intent(), l),
	} {
		left := Steps(w, to, l)
		if left[0].Kind != step.DeleteTrial || len(left[0].Steps) != 1 {
			t.Fatalf("%s: the first stage is %v", name, left[0])
		}
		if drift := Drift(left, to, l); slices.ContainsFunc(drift, func(s step.Step) bool { return s.Kind == step.DeleteTrial }) {
			t.Errorf("%s: it is drift: %v", name, drift)
		}
		changes, err := Render(left[0].Steps[0], to, noon)
		if err != nil || len(changes) != 1 || changes[0].Verb != step.Delete || changes[0].Namespace != "a" ||
			changes[0].Name != "w2-trial" || changes[0].Expect != "u1" {
			t.Errorf("%s: it is rendered as %+v, %v", name, changes, err)
		}
		after, _ := Simulate(w, to, l, left[0].Steps[0], noon)
		if len(after.Trials) != 1 || after.Trials[0].Run != "another" {
			t.Errorf("%s: after it there are %v", name, after.Trials)
		}
	}
	if left := Steps(w, target, l); left[0].Kind == step.DeleteTrial {
		t.Errorf("a pod that is being tried is withdrawn: %v", left[0])
	}
}

func TestWhatCannotBeTriedIsNamed(t *testing.T) {
	w := start()
	i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "StatefulSet b/w1" })
	w.Workloads[i].NoSecondPod = "its pods hold volume claims of their own (data)"
	p := Make(w, forward(t, w, trying(), step.Ledger{}), step.Ledger{})
	w.Capacity.Quotas = []mesh.Quota{{Namespace: "d", Name: "full", Resource: "pods", Hard: 12, Used: 12}}
	if notes := Make(w, forward(t, w, trying(), step.Ledger{}), step.Ledger{}).Notes; !slices.ContainsFunc(notes, func(n step.Note) bool {
		return n.Kind == step.NoCapacity && n.Subject == "StatefulSet d/w1" && strings.Contains(n.Text, "lacks capacity for its trial pod") &&
			strings.Contains(n.Evidence, "full")
	}) {
		t.Errorf("that there is no room is not among %+v", notes)
	}
	named := map[string]step.NoteKind{}
	for _, n := range p.Notes {
		if n.Kind == step.TrialFirst || n.Kind == step.TrialImpossible {
			named[n.Subject] = n.Kind
		}
	}
	if named["StatefulSet b/w1"] != step.TrialImpossible || named["DaemonSet a/w2"] != step.TrialFirst ||
		named["DaemonSet d/w2"] != "" || len(named) != 11 {
		t.Errorf("named are %v", named)
	}
	if slices.ContainsFunc(step.Flat(p.Stages), func(s step.Step) bool { return s.Kind == step.Trial && s.Subject == "StatefulSet b/w1" }) {
		t.Error("it is tried")
	}
}
