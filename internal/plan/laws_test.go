// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// forward plans an upgrade of w; a test that cannot plan cannot go on.
func forward(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) step.Target {
	t.Helper()
	target, err := ForwardTarget(w, in, l)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// carry takes steps one at a time, in an order within the stage that pick
// chooses, until none is left or n were taken, and hands each state to see.
func carry(
	t *testing.T, w mesh.World, target step.Target, l step.Ledger, n int, pick func(int) int,
	see func(mesh.World, step.Ledger, []step.Stage, step.Step),
) (mesh.World, step.Ledger, []step.Step) {
	t.Helper()
	var done []step.Step
	for len(done) != n {
		left := Steps(w, target, l)
		if len(left) == 0 {
			break
		}
		s := left[0].Steps[pick(len(left[0].Steps))]
		if see != nil {
			see(w, l, left, s)
		}
		l.Reached = max(l.Reached, RankOf(target, s.Wave, s.Kind))
		w, l = Simulate(w, target, l, s, noon)
		done = append(done, s)
		if len(done) > 1000 {
			t.Fatalf("no end: %s", s)
		}
	}
	return w, l, done
}

func first(int) int { return 0 }

// What is left is always a suffix of the plan's stages and, of the first of
// them, a subset; and nothing in it is drift.
func TestWhatIsLeftIsASuffixOfThePlan(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := start()
		target := forward(t, w, intent(), step.Ledger{})
		plan := Make(w, target, step.Ledger{})
		carry(t, w, target, NewLedger(plan, noon), -1, r.IntN, func(w mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			suffix := plan.Stages[len(plan.Stages)-len(left):]
			if diff := cmp.Diff(suffix[1:], left[1:]); diff != "" {
				t.Fatalf("the later stages changed (-plan +left):\n%s", diff)
			}
			for _, s := range left[0].Steps {
				if !slices.Contains(suffix[0].Steps, s) {
					t.Fatalf("%s was not in the plan's stage %v", s, suffix[0])
				}
			}
			if strange := Drift(left, target, l); strange != nil {
				t.Fatalf("undisturbed, and yet drift: %v", strange)
			}
		})
	}
}

func TestThePlanIsTheExecution(t *testing.T) {
	w := start()
	target := forward(t, w, intent(), step.Ledger{})
	plan := Make(w, target, step.Ledger{})
	end, l, done := carry(t, w, target, NewLedger(plan, noon), -1, first, nil)
	if diff := cmp.Diff(step.Flat(plan.Stages), done); diff != "" {
		t.Fatalf("planned, and done (-planned +done):\n%s", diff)
	}
	for _, wl := range end.Workloads {
		if want := map[bool]string{true: "1-29-1", false: "1-31-0"}[wl.Gateway]; !slices.Equal(wl.Sidecars(), []string{want}) {
			t.Errorf("%s ends on %v, not on %s", wl.Ref(), wl.Sidecars(), want)
		}
	}
	if left := Steps(end, target, l); left != nil {
		t.Errorf("at the end there is left: %v", left)
	}
}

// At no step is a namespace bound to a revision that isn't there and admitted,
// or a workload restarted whose namespace is not bound to the target, or a
// revision taken away that something is attached to.
func TestNothingIsMovedToWhatIsNotThere(t *testing.T) {
	w := start()
	target := forward(t, w, intent(), step.Ledger{})
	before := len(w.Revisions)
	carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, func(
		w mesh.World, l step.Ledger, _ []step.Stage, s step.Step,
	) {
		if s.Kind == step.Label {
			if _, admitted := l.Passed[step.ValidateKey(w, "1-31-0")]; !admitted {
				t.Errorf("%s before the control plane was admitted", s)
			}
		}
		if s.Kind == step.Restart {
			wl, _ := w.Workload(s.Workload())
			ns, _ := w.Namespace(wl.Namespace)
			if by := w.Injectors(ns, wl.Template); !slices.Equal(by, []string{s.To}) {
				t.Errorf("%s while %v would inject", s, by)
			}
		}
		if len(w.Revisions) < before {
			t.Errorf("a revision went at %s", s)
		}
		before = len(w.Revisions)
	})
}

// settled is a World without what a rollback may leave: the installed control
// plane and the definition, and the stamps of restarts.
func settled(w mesh.World) mesh.World {
	w = cloneWorld(w)
	w.CRDInstalled = false
	w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == "1-31-0" })
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
	for i := range w.Workloads {
		w.Workloads[i].RestartAnnotation = mesh.RestartAnnotation{}
		w.Workloads[i].Template.Hash = ""
		w.Workloads[i].Pods = slices.Clone(w.Workloads[i].Pods)
		for j := range w.Workloads[i].Pods {
			w.Workloads[i].Pods[j].Sidecar.Version = ""
		}
	}
	return w
}

func TestRollbackFromEveryPointRestoresTheBaseline(t *testing.T) {
	w0 := start()
	target := forward(t, w0, intent(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(intent(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, l, done := carry(t, w, back, l, -1, first, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if strange := Drift(left, back, l); strange != nil {
				t.Fatalf("point %d: rollback drifts from its own plan: %v", k, strange)
			}
		})
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
		for _, wl := range end.Workloads {
			if _, proven := l.Passed[step.VerifyKey(end, wl, "1-29-1")]; wl.RestartAnnotation.Run != "" && !proven {
				t.Errorf("point %d: %s was moved and is not proven back", k, wl.Ref())
			}
		}
		if len(done) > 0 && done[0].Kind == step.Install {
			t.Errorf("point %d: a rollback installs", k)
		}
	}
}

// A wave that is put back leaves the others where they are.
func TestRevertTouchesOneWave(t *testing.T) {
	w0 := start()
	target := forward(t, w0, intent(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	// later than that no wave is put back
	for k := range slices.IndexFunc(step.Flat(plan.Stages), func(s step.Step) bool { return s.Kind == step.Tag }) {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		_, _, done := carry(t, w, RollbackTarget(intent(), l, 2), l, -1, first, nil)
		for _, s := range done {
			if s.Wave != 2 && s.Kind != step.Validate && s.Kind != step.Define {
				t.Fatalf("point %d: putting wave 2 back does %s in wave %d", k, s, s.Wave)
			}
		}
	}
}

// Whatever other hands do, harm is seen before anything more is done, and a run
// that is told to go on ends where it should.
func TestDisturbedRunsHoldOrHealAndConverge(t *testing.T) {
	seen, harmful := 0, 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		w0 := start()
		target := forward(t, w0, intent(), step.Ledger{})
		plan := Make(w0, target, step.Ledger{})
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), r.IntN(len(step.Flat(plan.Stages))), r.IntN, nil)
		left := Steps(w, target, l)
		disturbed, what := disturb(r, w)
		strange := Drift(Steps(disturbed, target, l), target, l)
		for _, s := range step.Changing(Steps(disturbed, target, l)) {
			if slices.Contains(step.Changing(left), s) || RankOf(target, s.Wave, s.Kind) == l.Reached && slices.Contains(l.Approved, s) {
				continue
			}
			harmful++
			if !slices.Contains(strange, s) {
				t.Fatalf("seed %d: after %q, %s is new and not seen as drift", seed, what, s)
			}
		}
		if strange != nil {
			seen++
			l = Approve(l, Make(disturbed, target, l), noon)
		}
		end, l, _ := carry(t, disturbed, target, l, -1, r.IntN, nil)
		for _, wl := range end.Workloads {
			if !wl.Gateway && !slices.Equal(wl.Sidecars(), []string{"1-31-0"}) {
				t.Fatalf("seed %d: after %q, %s ends on %v", seed, what, wl.Ref(), wl.Sidecars())
			}
			if _, proven := l.Passed[step.VerifyKey(end, wl, "1-31-0")]; !wl.Gateway && !proven {
				t.Fatalf("seed %d: after %q, %s is not proven as it is at the end", seed, what, wl.Ref())
			}
		}
	}
	if harmful == 0 || seen == 0 {
		t.Fatalf("the disturbances do nothing: %d harmful steps, %d runs drifted", harmful, seen)
	}
	t.Logf("500 disturbed runs: %d drifted, %d strange steps, all seen; all converge", seen, harmful)
}

// A restart that does not bring what it should is tried twice and then left to
// the proof to name.
func TestRestartsAreBounded(t *testing.T) {
	w := start()
	l := NewLedger(Make(w, forward(t, w, intent(), step.Ledger{}), step.Ledger{}), noon)
	wl, _ := w.Workload("Deployment a/w0")
	for n := range step.MaxAttempts {
		before := wl
		before.Template.Hash = fmt.Sprint("before ", n)
		l.NoteRestart(before, "1-31-0")
	}
	for _, s := range step.Flat(Steps(w, forward(t, w, intent(), l), l)) {
		if s.Kind == step.Restart && s.Workload() == wl.Ref() {
			t.Fatalf("restarted %d times, and again: %s", step.MaxAttempts, s)
		}
	}
}

func TestDigestNamesThePlan(t *testing.T) {
	w := start()
	a := Make(w, forward(t, w, intent(), step.Ledger{}), step.Ledger{}).Digest
	other := intent()
	other.Waves = [][]string{{"a", "b", "c", "d"}}
	if b := Make(w, forward(t, w, other, step.Ledger{}), step.Ledger{}).Digest; a == b || len(a) != 12 || strings.ToLower(a) != a {
		t.Fatalf("digests %q and %q", a, b)
	}
}
