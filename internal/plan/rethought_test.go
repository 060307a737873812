// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/step"
)

// Whatever somebody thinks of in the middle of a run, what it had moved until then
// goes back: by restart, by eviction, or pod by pod.
func TestThoughtOverAgainAtEveryPointItGoesBack(t *testing.T) {
	swapped, in := swappableMesh()
	in.Policy.Rules = []step.Rule{{Kind: mesh.DaemonSet, Strategy: step.ByEviction}}
	for name, c := range map[string]struct {
		world mesh.World
		in    step.Intent
		then  func(*step.Intent)
	}{
		"everything is left": {swapped, in, func(in *step.Intent) {
			in.Policy.Rules = append(slices.Clone(in.Policy.Rules), step.Rule{Strategy: step.Leave})
		}},
		"restart, not swap":    {swapped, in, func(in *step.Intent) { in.Policy.Strategy = step.ByRestart }},
		"the tags are kept":    {sixWays(), allOf(), func(in *step.Intent) { in.Tags = step.KeepTags }},
		"the labels' own name": {sixWays(), allOf(), func(in *step.Intent) { in.Labels = step.ExplicitLabels }},
	} {
		t.Run(name, func(t *testing.T) {
			target := forward(t, c.world, c.in, step.Ledger{})
			plan := Make(c.world, target, step.Ledger{})
			steps := step.Flat(plan.Stages)
			for k := range len(steps) + 1 {
				w, l, _ := carry(t, c.world, target, NewLedger(plan, noon), k, first, nil)
				then := c.in
				if c.then(&then); then.Tags == step.KeepTags && len(l.MovedTags(w)) > 0 {
					continue // this is refused
				}
				on := forward(t, w, then, l)
				l = Approve(l, Make(w, on, l), noon)
				w, l, _ = carry(t, w, on, l, -1, first, nil)
				if at := w.TagRevisions("default"); then.Tags == step.KeepTags && !slices.Equal(at, []string{"1-29-1"}) {
					t.Fatalf("point %d: the default is kept, and is at %v", k, at)
				}
				back := RollbackTarget(then, l, 0)
				end, _, _ := carry(t, w, back, Approve(l, Make(w, back, l), noon), -1, first, nil)
				for _, wl := range end.Workloads {
					was, _ := c.world.Workload(wl.Ref())
					if !slices.Equal(was.Sidecars(), wl.Sidecars()) {
						t.Fatalf("point %d: %s was on %v and comes back to %v", k, wl.Ref(), was.Sidecars(), wl.Sidecars())
					}
				}
				for _, ns := range c.world.Namespaces {
					if now, _ := end.Namespace(ns.Name); now.Binding() != ns.Binding() {
						t.Fatalf("point %d: namespace %s comes back with %s", k, ns.Name, now.Binding())
					}
				}
			}
		})
	}
}

// Tags that were to be kept can be moved after all, as was found when the run began.
func TestKeptTagsAreMovedAfterAll(t *testing.T) {
	w, in := sixWays(), allOf()
	in.Tags = step.KeepTags
	target := forward(t, w, in, step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	in.Tags = step.MoveTags
	target = forward(t, w, in, l)
	w, _, done := carry(t, w, target, Approve(l, Make(w, target, l), noon), -1, first, nil)
	for _, tag := range []string{"default", "prod"} {
		if at := w.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("tag %s ends at %v, after %v", tag, at, done)
		}
	}
}

// What is said later of other hands reads what was found as if it had been said at
// once.
func TestRebasedIsAsIfItHadBeenSaidAtOnce(t *testing.T) {
	w0, in := sixWays(), allOf()
	begun := forward(t, w0, in, step.Ledger{})
	differs := 0
	for k := range 40 {
		w, _, _ := carry(t, w0, begun, NewLedger(Make(w0, begun, step.Ledger{}), noon), k, first, nil)
		late, early := in, in
		late.Run = "another"
		target, err := ForwardTarget(w, late, step.Ledger{})
		if err != nil {
			break // nothing is left to begin with
		}
		l := NewLedger(Make(w, target, step.Ledger{}), noon)
		late.From, early.From = "1-29-1", "1-29-1"
		got, want := baseline.WithFrom(w, late, l), baseline.New(w, early, target.Namespaces())
		want.MovedTags, want.Tags = l.Baseline.MovedTags, l.Baseline.Tags // these are decided once
		if diff := cmp.Diff(want, got.Baseline); diff != "" {
			t.Fatalf("point %d (-at once +later):\n%s", k, diff)
		}
		if !cmp.Equal(l.Baseline, got.Baseline) {
			differs++
		}
		if diff := cmp.Diff(got, baseline.WithFrom(w, late, got)); diff != "" {
			t.Fatalf("point %d: twice is not once:\n%s", k, diff)
		}
	}
	if differs < 5 {
		t.Errorf("at %d points only was anything read otherwise", differs)
	}
}
