// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// Whatever is changed in the middle of a run, a rollback restores what the run had moved: by
// restart, by eviction, or pod by pod.
func TestRollbackAfterChangedIntent(t *testing.T) {
	t.Parallel()
	swapped, in := plantest.SwappableWorld()
	in.Policy.Rules = []step.Rule{{Kind: mesh.DaemonSet, Strategy: step.ByEviction}}
	keepTags := func(in *step.Intent) { in.Tags = step.KeepTags }
	explicitLabels := func(in *step.Intent) { in.Labels = step.ExplicitLabels }
	for _, c := range []struct {
		name  string
		world mesh.World
		in    step.Intent
		then  func(*step.Intent)
	}{
		{name: "leave everything", world: swapped, in: in, then: func(in *step.Intent) {
			in.Policy.Rules = append(slices.Clone(in.Policy.Rules), step.Rule{Strategy: step.Leave})
		}},
		{name: "restart instead of swap", world: swapped, in: in, then: func(in *step.Intent) { in.Policy.Strategy = step.ByRestart }},
		{name: "keep the tags", world: plantest.WorldOfAllBindings(), in: plantest.IntentForAll(), then: keepTags},
		{name: "explicit labels", world: plantest.WorldOfAllBindings(), in: plantest.IntentForAll(), then: explicitLabels},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := plantest.Forward(t, c.world, c.in, step.Ledger{})
			planned := plan.Make(c.world, target, step.Ledger{})
			steps := step.Flat(planned.Stages)
			for k := range len(steps) + 1 {
				w, l, _ := plantest.Run(t, c.world, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
				then := c.in
				if c.then(&then); then.Tags == step.KeepTags && len(l.MovedTags(w)) > 0 {
					continue // tags that have moved cannot be kept
				}
				on := plantest.Forward(t, w, then, l)
				l = plantest.Approve(w, on, l)
				w, l, _ = plantest.Run(t, w, on, l, -1, plantest.First, nil)
				if at := w.TagRevisions("default"); then.Tags == step.KeepTags && !slices.Equal(at, []string{"1-29-1"}) {
					t.Fatalf("point %d: kept default: got %v, want 1-29-1", k, at)
				}
				back := plan.RollbackTarget(then, l, 0)
				end, _, _ := plantest.Run(t, w, back, plantest.Approve(w, back, l), -1, plantest.First, nil)
				for _, wl := range end.Workloads {
					before, _ := c.world.Workload(wl.Ref())
					if !slices.Equal(before.Sidecars(), wl.Sidecars()) {
						t.Fatalf("point %d: %s: got sidecars of %v, want %v", k, wl.Ref(), wl.Sidecars(), before.Sidecars())
					}
				}
				for _, ns := range c.world.Namespaces {
					if now, _ := end.Namespace(ns.Name); now.Binding() != ns.Binding() {
						t.Fatalf("point %d: labels of namespace %s: got %s, want %s", k, ns.Name, now.Binding(), ns.Binding())
					}
				}
			}
		})
	}
}

// Tags that were kept at first can be moved later.
func TestKeepTagsCanBeRevoked(t *testing.T) {
	w, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	in.Tags = step.KeepTags
	target := plantest.Forward(t, w, in, step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	in.Tags = step.MoveTags
	target = plantest.Forward(t, w, in, l)
	w, _, done := plantest.Run(t, w, target, plantest.Approve(w, target, l), -1, plantest.First, nil)
	for _, tag := range []string{"default", "prod"} {
		if at := w.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("tag %s: got %v, want 1-31-0, after %v", tag, at, done)
		}
	}
}

// Terminating pods do not change an approved plan.
func TestTerminatingPodsAreNoDrift(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	p := plan.Make(w, target, step.Ledger{})
	l := plan.NewLedger(p, plantest.Noon)
	w.Workloads = slices.Clone(w.Workloads)
	for i, wl := range w.Workloads {
		if wl.Namespace == "own" && wl.Injected() {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			for j := range wl.Pods {
				w.Workloads[i].Pods[j].Terminating = true
			}
		}
	}
	left := plan.Make(w, plantest.Forward(t, w, plantest.IntentForAll(), l), l).Stages
	if !slices.ContainsFunc(step.Flat(left), func(s step.Step) bool { return s.Kind == step.LabelTemplate }) {
		t.Fatal("got no template label, want one while the pods terminate")
	}
	if drift := plan.Drift(left, plantest.Forward(t, w, plantest.IntentForAll(), l), l); drift != nil {
		t.Errorf("drift: got %v, want none", drift)
	}
}
