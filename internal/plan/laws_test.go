// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// The remaining stages are a suffix of the plan's stages, the first a subset of its stage, and
// none of them is drift.
func TestRemainingStepsAreASuffixOfThePlan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := plantest.World()
		target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
		planned := plan.Make(w, target, step.Ledger{})
		plantest.Run(t, w, target, plan.NewLedger(planned, plantest.Noon), -1, r.IntN, func(
			w mesh.World, l step.Ledger, left []step.Stage, _ step.Step,
		) {
			suffix := planned.Stages[len(planned.Stages)-len(left):]
			if diff := cmp.Diff(suffix[1:], left[1:]); diff != "" {
				t.Fatalf("later stages (-plan +remaining):\n%s", diff)
			}
			for _, s := range left[0].Steps {
				if !slices.Contains(suffix[0].Steps, s) {
					t.Fatalf("got step %s, want one of the plan's stage %v", s, suffix[0])
				}
			}
			if drift := plan.Drift(left, target, l); drift != nil {
				t.Fatalf("drift without a disturbance: got %v, want none", drift)
			}
		})
	}
}

func TestExecutionEqualsPlan(t *testing.T) {
	w := plantest.World()
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	planned := plan.Make(w, target, step.Ledger{})
	end, l, done := plantest.Run(t, w, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	if diff := cmp.Diff(step.Flat(planned.Stages), done); diff != "" {
		t.Fatalf("steps (-planned +done):\n%s", diff)
	}
	for _, wl := range end.Workloads {
		if want := map[bool]string{true: "1-29-1", false: "1-31-0"}[wl.Gateway]; !slices.Equal(wl.Sidecars(), []string{want}) {
			t.Errorf("%s: got sidecars of %v, want %s", wl.Ref(), wl.Sidecars(), want)
		}
	}
	if left := plan.Steps(end, target, l); left != nil {
		t.Errorf("steps at the end: got %v, want none", left)
	}
}

// No namespace is bound to a revision before that is validated, no workload is restarted before
// its namespace is bound to the target, and no revision in use is removed.
func TestNothingMovesToAnUnvalidatedRevision(t *testing.T) {
	w := plantest.World()
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	before := len(w.Revisions)
	plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, func(
		w mesh.World, l step.Ledger, _ []step.Stage, s step.Step,
	) {
		if s.Kind == step.Label {
			if _, validated := l.Passed[step.ValidateKey(w, "1-31-0")]; !validated {
				t.Errorf("got step %s before the control plane was validated", s)
			}
		}
		if s.Kind == step.Restart {
			wl, _ := w.Workload(s.Workload())
			ns, _ := w.Namespace(wl.Namespace)
			if by := w.Injectors(ns, wl.Template); !slices.Equal(by, []string{s.To}) {
				t.Errorf("at %s: injectors: got %v, want %s", s, by, s.To)
			}
		}
		if len(w.Revisions) < before {
			t.Errorf("at %s: got %d revisions, want %d", s, len(w.Revisions), before)
		}
		before = len(w.Revisions)
	})
}

func TestRollbackFromEveryPointRestoresTheBaseline(t *testing.T) {
	t.Parallel()
	w0 := plantest.World()
	target := plantest.Forward(t, w0, plantest.Intent(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.Intent(), l, 0)
		l = plantest.Approve(w, back, l)
		end, l, done := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if drift := plan.Drift(left, back, l); drift != nil {
				t.Fatalf("point %d: drift of the rollback: got %v, want none", k, drift)
			}
		})
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
		for _, wl := range end.Workloads {
			if _, verified := l.Passed[step.VerifyKey(end, wl, "1-29-1")]; wl.RestartAnnotation.Run != "" && !verified {
				t.Errorf("point %d: %s was moved: got no verdict after the rollback, want one", k, wl.Ref())
			}
		}
		if len(done) > 0 && done[0].Kind == step.Install {
			t.Errorf("point %d: the rollback begins with %s, want no install", k, done[0])
		}
	}
}

// A rollback of one wave does not change the other waves.
func TestRevertTouchesOneWave(t *testing.T) {
	t.Parallel()
	w0 := plantest.World()
	target := plantest.Forward(t, w0, plantest.Intent(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	// After the first tag step no single wave is rolled back.
	for k := range slices.IndexFunc(step.Flat(planned.Stages), func(s step.Step) bool { return s.Kind == step.Tag }) {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		_, _, done := plantest.Run(t, w, plan.RollbackTarget(plantest.Intent(), l, 2), l, -1, plantest.First, nil)
		for _, s := range done {
			if s.Wave != 2 && s.Kind != step.Validate && s.Kind != step.Define {
				t.Fatalf("point %d: rollback of wave 2: got step %s in wave %d", k, s, s.Wave)
			}
		}
	}
}

// Whatever changes the mesh during a run, harmful steps are drift before they are done, and a
// run that is approved again ends on the target.
func TestDisturbedRunsHoldOrHealAndConverge(t *testing.T) {
	t.Parallel()
	drifted, harmful := 0, 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		w0 := plantest.World()
		target := plantest.Forward(t, w0, plantest.Intent(), step.Ledger{})
		planned := plan.Make(w0, target, step.Ledger{})
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), r.IntN(len(step.Flat(planned.Stages))), r.IntN, nil)
		left := plan.Steps(w, target, l)
		disturbed, what := disturb(r, w)
		drift := plan.Drift(plan.Steps(disturbed, target, l), target, l)
		for _, s := range step.Changing(plan.Steps(disturbed, target, l)) {
			if slices.Contains(step.Changing(left), s) || plan.RankOf(target, s.Wave, s.Kind) == l.Reached && slices.Contains(l.Approved, s) {
				continue
			}
			harmful++
			if !slices.Contains(drift, s) {
				t.Fatalf("seed %d: after %q: drift: got %v, want %s in it", seed, what, drift, s)
			}
		}
		if drift != nil {
			drifted++
			l = plantest.Approve(disturbed, target, l)
		}
		end, l, _ := plantest.Run(t, disturbed, target, l, -1, r.IntN, nil)
		for _, wl := range end.Workloads {
			if !wl.Gateway && !slices.Equal(wl.Sidecars(), []string{"1-31-0"}) {
				t.Fatalf("seed %d: after %q: %s: got sidecars of %v, want 1-31-0", seed, what, wl.Ref(), wl.Sidecars())
			}
			if _, verified := l.Passed[step.VerifyKey(end, wl, "1-31-0")]; !wl.Gateway && !verified {
				t.Fatalf("seed %d: after %q: %s: got no verdict at the end, want one", seed, what, wl.Ref())
			}
		}
	}
	if harmful == 0 || drifted == 0 {
		t.Fatalf("disturbances: got %d harmful steps and %d runs with drift, want some", harmful, drifted)
	}
	t.Logf("500 disturbed runs: %d with drift, %d harmful steps", drifted, harmful)
}

// A restart without effect is repeated once. After that, the verification fails and names it.
func TestRestartsAreBounded(t *testing.T) {
	w := plantest.World()
	l := plantest.NewLedger(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{}))
	wl, _ := w.Workload("Deployment a/w0")
	for n := range step.MaxAttempts {
		before := wl
		before.Template.Hash = fmt.Sprint("before ", n)
		l.NoteRestart(before, "1-31-0")
	}
	for _, s := range step.Flat(plan.Steps(w, plantest.Forward(t, w, plantest.Intent(), l), l)) {
		if s.Kind == step.Restart && s.Workload() == wl.Ref() {
			t.Fatalf("after %d restarts: got step %s, want none", step.MaxAttempts, s)
		}
	}
}

func TestDigestNamesThePlan(t *testing.T) {
	w := plantest.World()
	a := plan.Make(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{}), step.Ledger{}).Digest
	other := plantest.Intent()
	other.Waves = [][]string{{"a", "b", "c", "d"}}
	if b := plan.Make(
		w,
		plantest.Forward(t, w, other, step.Ledger{}),
		step.Ledger{},
	).Digest; a == b || len(a) != 12 || strings.ToLower(a) != a {
		t.Fatalf("digests of two plans: got %q and %q, want different ones of 12 lower-case characters", a, b)
	}
}

// disturb changes the mesh as another tool or person might during a run, and describes the
// change.
func disturb(r *rand.Rand, w mesh.World) (mesh.World, string) {
	w = plantest.Clone(w)
	names := []string{"a", "b", "c", "d"}
	switch ns := names[r.IntN(4)]; r.IntN(5) {
	case 0: // another label
		to := []mesh.Binding{
			mesh.BindingTo("1-29-1"),
			mesh.BindingTo("1-31-0"),
			mesh.BindingTo("prod"),
			{Injection: mesh.Label{Set: true, Value: "enabled"}},
		}[r.IntN(4)]
		binding.SimulateLabels(&w, step.Step{Subject: step.Subject(ns), To: to.String()})
		return w, "relabel " + ns + " " + to.String()
	case 1: // a restart
		wl := w.WorkloadsIn(ns)[r.IntN(3)]
		strategy.SimulateRestart(&w, step.Target{Run: wl.RestartAnnotation.Run}, step.Step{Subject: step.Subject(wl.Ref())}, plantest.Noon)
		return w, string("restart " + wl.Ref())
	case 2: // a deleted workload
		wl := w.WorkloadsIn(ns)[0]
		w.Workloads = slices.DeleteFunc(w.Workloads, func(x mesh.Workload) bool { return x.Ref() == wl.Ref() })
		return w, string("delete " + wl.Ref())
	case 3: // a new workload
		wl := plantest.Workload(mesh.Deployment, ns, "new", 1)
		w.Workloads = append(w.Workloads, wl)
		strategy.SimulateRestart(&w, step.Target{}, step.Step{Subject: step.Subject(wl.Ref())}, plantest.Noon)
		w.Sort()
		return w, string("deploy " + wl.Ref())
	default: // a scaled workload
		for i, wl := range w.Workloads {
			if wl.Namespace == ns {
				w.Workloads[i].Replicas, w.Workloads[i].Pods = 1, wl.Pods[:1]
				return w, string("scale " + wl.Ref())
			}
		}
	}
	return w, ""
}
