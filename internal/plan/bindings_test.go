// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Each workload moves in its own wave, whatever binds it; pods without sidecar stay without.
// A rollback from every point restores labels, tags and sidecars.
func TestEveryBindingMovesInItsWaveAndIsRestored(t *testing.T) {
	t.Parallel()
	w0 := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w0, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	wave := map[string]int{}
	for _, g := range target.Waves {
		for _, ns := range g.Namespaces {
			wave[ns] = g.Number
		}
	}
	if len(wave) != 7 {
		t.Fatalf("selected namespaces: got %v, want 7", target.Waves)
	}
	r := rand.New(rand.NewPCG(1, 1))
	end, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, r.IntN, func(
		w mesh.World, l step.Ledger, left []step.Stage, s step.Step,
	) {
		if drift := plan.Drift(left, target, l); drift != nil {
			t.Fatalf("drift without a disturbance: got %v, want none", drift)
		}
		for _, wl := range w.Workloads {
			ns, _ := w.Namespace(wl.Namespace)
			if by := w.Injectors(ns, s.TemplateAfter(wl.Template)); len(by) > 1 {
				t.Fatalf("at %s: injectors of %s: got %v, want at most one", s, wl.Ref(), by)
			}
			if got := wl.Sidecars(); wave[wl.Namespace] > max(s.Wave, 1) && s.Wave > 0 && slices.Contains(got, "1-31-0") {
				t.Fatalf("at %s: %s of wave %d: got sidecars of %v, want none of 1-31-0", s, wl.Ref(), wave[wl.Namespace], got)
			}
		}
	})
	for _, wl := range end.Workloads {
		want := "1-31-0"
		switch {
		case wl.Gateway:
			want = "1-29-1"
		case wl.Name == "off", wl.Name == "bare":
			want = ""
		}
		if got := wl.Sidecars(); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got sidecars of %q, want %q", wl.Ref(), got, want)
		}
	}
	for _, tc := range []struct{ name, want string }{
		{"a", "istio-injection=enabled"},
		{"b", "istio.io/rev=1-31-0"},
		{"c", "istio.io/rev=prod"},
		{"default-tag", "istio.io/rev=default"},
		{"auto", "(none)"},
		{"own", "(none)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if ns, _ := end.Namespace(tc.name); ns.Binding().String() != tc.want {
				t.Errorf("labels of namespace %s: got %s, want %s", tc.name, ns.Binding(), tc.want)
			}
		})
	}
	for _, tag := range []string{"default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("tag %s: got %v, want 1-31-0", tag, at)
		}
	}
	if left := plan.Steps(end, target, l); left != nil {
		t.Errorf("steps at the end: got %v, want none", left)
	}
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
		l = plantest.Approve(w, back, l)
		moved := map[string]bool{}
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if drift := plan.Drift(left, back, l); drift != nil {
				t.Fatalf("point %d: drift of the rollback at %s: got %v, want none", k, s, drift)
			}
			if s.Kind == step.Restart {
				moved[string(s.Subject)] = true
			}
		})
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
	}
}

// A workload that a tag binds and that the run does not move keeps the tag; a note names it.
func TestTagStaysForBystanders(t *testing.T) {
	in := plantest.IntentForAll()
	in.Namespaces = []string{"c"}
	w := plantest.WorldOfAllBindings()
	planned := plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{})
	for _, s := range step.Flat(planned.Stages) {
		if s.Kind == step.Tag || s.Kind == step.RestoreLabel {
			t.Errorf("got step %s, want none, because the tag binds Deployment own/by-tag", s)
		}
	}
	if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool {
		return n.Kind == step.TagStays && n.Subject == "tag prod" && n.Evidence == "names 1-29-1; binds Deployment own/by-tag"
	}) {
		t.Errorf("notes: got %v, want one that names the bystander", planned.Notes)
	}
	in.Namespaces, in.Tags = nil, step.KeepTags
	for _, s := range step.Flat(plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.Tag || s.Kind == step.RestoreLabel {
			t.Errorf("with tags kept: got step %s, want none", s)
		}
	}
	in.Tags, in.Labels = step.MoveTags, step.ExplicitLabels
	for _, s := range step.Flat(plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.RestoreLabel {
			t.Errorf("with explicit labels: got step %s, want none", s)
		}
	}
}

// With From, a run takes up an upgrade that was begun without it, so that a rollback returns
// to From. Without From, the baseline is the state when the run begins.
func TestFromTakesUpAManualUpgrade(t *testing.T) {
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	manual := step.Target{Run: "hand"}
	binding.SimulateLabels(&w, step.Step{Subject: "a", To: mesh.BindingTo("1-31-0").String()})
	for _, wl := range w.WorkloadsIn("a") {
		strategy.SimulateRestart(&w, manual, step.Step{Subject: step.Subject(wl.Ref())}, plantest.Noon)
	}
	in := plantest.IntentForAll()
	in.From = "1-29-1"
	target := plantest.Forward(t, w, in, step.Ledger{})
	_, l, done := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	for _, s := range done {
		if wl, ok := w.Workload(s.Workload()); ok && wl.Namespace == "a" && s.Kind.Changes() {
			t.Errorf("got step %s, want none, because it was done before the run", s)
		}
	}
	if got := l.Baseline.Bindings["a"]; got != "istio.io/rev=1-29-1" {
		t.Errorf("baseline of a with From: got %s, want istio.io/rev=1-29-1", got)
	}
	in.From = ""
	if b := baseline.New(w, in, []string{"a"}); b.Bindings["a"] != "istio.io/rev=1-31-0" || b.Revisions["a"] != "1-31-0" {
		t.Errorf("baseline of a without From: got %s on %s, want 1-31-0", b.Bindings["a"], b.Revisions["a"])
	}
}

// A template with its own label has to be changed, so the rollout of the workload is held
// where the policy is swap. A rule that names it and says swap is refused.
func TestRolloutsOfLabelledTemplatesAreHeld(t *testing.T) {
	in := plantest.IntentForAll()
	in.Policy.Strategy = step.BySwap
	w := plantest.WorldOfAllBindings()
	for i, wl := range w.Workloads {
		if wl.Namespace == "own" {
			w.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
		}
	}
	kinds := map[string]step.Kind{}
	for _, s := range step.Flat(plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.Restart || s.Kind == step.Swap {
			kinds[string(s.Subject)] = s.Kind
		}
	}
	for _, name := range []string{"by-revision", "by-tag", "by-inject"} {
		wl, _ := w.Workload(mesh.WorkloadRef("Deployment own/" + name))
		d := strategy.Decide(plantest.Forward(t, w, in, step.Ledger{}).Policy, wl)
		if got := kinds["Deployment own/"+name]; got != step.Swap || d.Strategy != step.ByHold {
			t.Errorf("own/%s: got %q by %s, want a held rollout", name, got, d.Strategy)
		}
	}
	in.Policy.Rules = []step.Rule{{Name: "by-inject", Strategy: step.BySwap}}
	if _, err := plan.ForwardTarget(w, in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), "or say held-rollout") {
		t.Errorf("rule that names it: got %v, want an error", err)
	}
}

// A workload with a label of its own is rolled back to the revision of that label, whatever
// sidecars its pods had when the run began.
func TestMixedSidecarsReturnToTheirLabel(t *testing.T) {
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment own/by-revision" {
			wl.Pods = slices.Clone(wl.Pods)
			wl.Pods[0].Sidecar.Revision = "1-31-0"
			w.Workloads[i] = wl
		}
	}
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	back := plan.RollbackTarget(plantest.IntentForAll(), plantest.NewLedger(w, target), 0)
	if got := back.ControlPlanes(); !slices.Equal(got, []string{"1-29-1"}) {
		t.Errorf("control planes of the rollback: got %q, want 1-29-1", got)
	}
	if got := back.WorkloadRevisions["Deployment own/by-revision"]; got != "1-29-1" {
		t.Errorf("revision of the rollback: got %q, want 1-29-1", got)
	}
}

// A namespace keeps its label if its tag, or the default, already points to the target. Its
// pods are moved.
func TestMovedTagKeepsNamespaceLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		from     string
		labels   step.LabelMode
		explicit bool
	}{
		{name: "default label mode"},
		{name: "explicit labels", labels: step.ExplicitLabels, explicit: true},
		{name: "with From", from: "1-29-1", explicit: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
			binding.SimulateTag(&w, step.Step{Subject: "prod", To: "1-31-0"})
			binding.SimulateTag(&w, step.Step{Subject: "default", To: "1-31-0"})
			in := plantest.IntentForAll()
			in.From, in.Labels = c.from, c.labels
			target := plantest.Forward(t, w, in, step.Ledger{})
			begun := plantest.NewLedger(w, target)
			end, _, done := plantest.Run(t, w, target, begun, -1, plantest.First, nil)
			restored := map[string]mesh.Binding{}
			for _, ns := range []string{"a", "c"} {
				before, _ := w.Namespace(ns)
				after, _ := end.Namespace(ns)
				want, returned := before.Binding(), before.Binding()
				if c.explicit {
					want = mesh.BindingTo("1-31-0")
				}
				if c.from != "" {
					returned = mesh.BindingTo(c.from)
				}
				if after.Binding() != want {
					t.Errorf("%s: labels at the end: got %s, want %s", ns, after.Binding(), want)
				}
				restored[ns] = returned
				for _, wl := range end.WorkloadsIn(ns) {
					if !wl.Gateway && wl.Injected() && !slices.Equal(wl.Sidecars(), []string{"1-31-0"}) {
						t.Errorf("%s: got sidecars of %v, want 1-31-0", wl.Ref(), wl.Sidecars())
					}
				}
				noted := slices.ContainsFunc(advice.Notes(w, target), func(n step.Note) bool {
					return n.Kind == step.ByTag && n.Subject == ns && strings.Contains(n.Text, ": its label is not changed")
				})
				if noted == c.explicit {
					t.Errorf("note that the label of %s stays: got %t, want %t", ns, noted, !c.explicit)
				}
			}
			for n := range len(done) + 1 {
				upgraded, l, _ := plantest.Run(t, w, target, begun, n, plantest.First, nil)
				end, _, _ := plantest.Run(t, upgraded, plan.RollbackTarget(in, l, 0), l, -1, plantest.First, nil)
				for name, want := range restored {
					if ns, _ := end.Namespace(name); ns.Binding() != want {
						t.Errorf("%s: labels after a rollback from step %d: got %s, want %s", name, n, ns.Binding(), want)
					}
				}
			}
		})
	}
}
