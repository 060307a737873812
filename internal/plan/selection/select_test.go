// SPDX-License-Identifier: Apache-2.0

package selection_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

func TestNamespacesAreSelectedAndDividedIntoWaves(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   step.Intent
		want string
	}{
		{name: "all bound namespaces, three waves", in: step.Intent{}, want: "[[a] [b c] [d]]"},
		{name: "one wave", in: step.Intent{WaveCount: 1}, want: "[[a b c d]]"},
		{name: "more waves than namespaces", in: step.Intent{WaveCount: 9}, want: "[[a] [b] [c] [d]]"},
		{name: "by name", in: step.Intent{Namespaces: []string{"d", "b"}}, want: "[[b] [d]]"},
		{name: "by selector", in: step.Intent{Selector: &mesh.Selector{{Key: "team", Operator: mesh.Exists}}}, want: "[[b]]"},
		{name: "by name and selector",
			in:   step.Intent{Namespaces: []string{"a"}, Selector: &mesh.Selector{{Key: "team", Operator: mesh.In, Values: []string{"core"}}}},
			want: "[[a] [b]]",
		},
		{name: "by waves", in: step.Intent{Waves: [][]string{{"d"}, {"a", "b"}}}, want: "[[d] [a b]]"},
		{name: "all but some", in: step.Intent{Exclude: []string{"b", "d"}}, want: "[[a] [c]]"},
		{name: "by selector but one", in: step.Intent{Selector: &mesh.Selector{}, Exclude: []string{"a"}}, want: "[[b] [c] [d]]"},
		{name: "by name but one", in: step.Intent{Namespaces: []string{"a", "d"}, Exclude: []string{"a"}}, want: "[[d]]"},
		{name: "selector without unbound namespaces", in: step.Intent{Selector: &mesh.Selector{}}, want: "[[a] [b c] [d]]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.Revision, tc.in.Installable = "1-31-0", true
			target, err := plan.ForwardTarget(plantest.World(), tc.in, step.Ledger{})
			var got [][]string
			for _, g := range target.Waves {
				got = append(got, g.Namespaces)
			}
			if err != nil || fmt.Sprint(got) != tc.want {
				t.Errorf("waves: got %v, %v, want %s", got, err, tc.want)
			}
		})
	}
}

// Invalid input is refused with the state of the cluster and a remedy.
func TestInvalidSelectionsAreRefused(t *testing.T) {
	label := func(w *mesh.World, name, key, value string) {
		for i, ns := range w.Namespaces {
			if ns.Name == name {
				w.Namespaces[i].Labels = map[string]string{key: value}
			}
		}
	}
	for _, tc := range []struct {
		name     string
		in       step.Intent
		world    func(*mesh.World)
		wantText string
	}{
		{
			name: "no Istio", in: step.Intent{Installable: true}, world: func(w *mesh.World) { w.Revisions = nil },
			wantText: "no Istio control plane was found",
		},
		{name: "no such revision", in: step.Intent{}, wantText: "the cluster has 1-29-1"},
		{
			name:     "no such namespace",
			in:       step.Intent{Installable: true, Namespaces: []string{"nope"}},
			wantText: `namespace "nope" does not exist`,
		},
		{name: "unbound namespace",
			in:       step.Intent{Installable: true, Namespaces: []string{"free"}},
			wantText: "not bound to a revision, by its labels: (none)",
		},
		{
			name:     "root namespace",
			in:       step.Intent{Installable: true, Namespaces: []string{"istio-system"}},
			wantText: "is the root namespace",
		},
		{name: "injection disabled",
			in:       step.Intent{Installable: true, Namespaces: []string{"a"}},
			world:    func(w *mesh.World) { label(w, "a", mesh.InjectionLabel, "disabled") },
			wantText: "not bound",
		},
		{name: "label without webhook",
			in:    step.Intent{Installable: true},
			world: func(w *mesh.World) { label(w, "a", mesh.RevisionLabel, "ghost") },
			wantText: "no webhook selects, so that its new pods get no sidecar: correct the label, or leave the namespace out with " +
				"--exclude-namespace a (spec.namespaces.exclude)",
		},
		{name: "an empty namespace with a label without webhook, named",
			in:       step.Intent{Installable: true, Namespaces: []string{"free"}},
			world:    func(w *mesh.World) { label(w, "free", mesh.RevisionLabel, "ghost") },
			wantText: "no webhook selects",
		},
		{
			name:     "excluded, and does not exist",
			in:       step.Intent{Installable: true, Exclude: []string{"nope"}},
			wantText: `exclude namespaces: namespace "nope" does not exist`,
		},
		{
			name:     "named and excluded",
			in:       step.Intent{Installable: true, Namespaces: []string{"a"}, Exclude: []string{"a"}},
			wantText: "every namespace that is named is excluded as well",
		},
		{
			name:     "excluded, and in a wave",
			in:       step.Intent{Installable: true, Waves: [][]string{{"a"}, {"b"}}, Exclude: []string{"b"}},
			wantText: `"b" is in wave 2 and not among the selected`,
		},
		{name: "two injectors", in: step.Intent{Installable: true}, world: func(w *mesh.World) {
			h := w.Webhooks[0]
			h.Revision, h.Configuration = "other", "other"
			w.Webhooks = append(w.Webhooks, h)
		}, wantText: "IST0139), or leave the namespace out with --exclude-namespace a"},
		{name: "revision in use", in: step.Intent{Revision: "1-29-1"}, wantText: "nothing to move"},
		{
			name:     "revision in use, namespace named",
			in:       step.Intent{Revision: "1-29-1", Namespaces: []string{"a"}},
			wantText: "is the one in use in a",
		},
		{name: "selector without matches",
			in:       step.Intent{Installable: true, Selector: &mesh.Selector{{Key: "x", Operator: mesh.Exists}}},
			wantText: "the selector matches no namespace",
		},
		{name: "in two waves", in: step.Intent{Installable: true, Waves: [][]string{{"a"}, {"a"}}}, wantText: "in wave 1 and in wave 2"},
		{name: "in no wave",
			in:       step.Intent{Installable: true, Namespaces: []string{"a", "b"}, Waves: [][]string{{"a"}}},
			wantText: `"b" is selected and in no wave`,
		},
		{name: "in a wave, not selected",
			in:       step.Intent{Installable: true, Namespaces: []string{"a"}, Waves: [][]string{{"a"}, {"b"}}},
			wantText: "not among the selected",
		},
		{name: "empty wave", in: step.Intent{Installable: true, Waves: [][]string{{"a"}, {}}}, wantText: "wave 2 is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := plantest.World()
			if tc.world != nil {
				tc.world(&w)
			}
			if tc.in.Revision == "" {
				tc.in.Revision = "1-31-0"
			}
			if _, err := plan.ForwardTarget(w, tc.in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), tc.wantText) {
				t.Errorf("got error %v, want %q", err, tc.wantText)
			}
		})
	}
}

// Namespaces that are labelled for the target and have old pods are selected.
func TestNamespacesWithOldPodsAreSelected(t *testing.T) {
	w := plantest.World()
	w = plantest.WithRevision(w, "1-31-0", "1.31.0")
	for _, ns := range []string{"a", "b", "c", "d"} {
		binding.SimulateLabels(&w, step.Step{Subject: step.Subject(ns), To: mesh.BindingTo("1-31-0").String()})
	}
	target, err := plan.ForwardTarget(w, step.Intent{Revision: "1-31-0", WaveCount: 1}, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	if left := step.Changing(plan.Steps(w, target, step.Ledger{})); len(left) != 13 { // the CRD, and 12 restarts
		t.Errorf("changes: got %d, want 13: %v", len(left), left)
	}
}

// A label that selects no revision is no reason to refuse the others where nothing runs.
func TestEmptyNamespaceWithAStaleLabelIsNoted(t *testing.T) {
	w := plantest.World()
	idle := plantest.Workload(mesh.Deployment, "idle", "web", 0)
	w.Namespaces = append(w.Namespaces,
		mesh.Namespace{Name: "empty", Labels: map[string]string{mesh.RevisionLabel: "1-20-3"}},
		mesh.Namespace{Name: "idle", Labels: map[string]string{mesh.RevisionLabel: "1-20-3"}})
	w.Workloads = append(w.Workloads, idle)
	w.Sort()
	for _, in := range []step.Intent{plantest.IntentForAll(), {Revision: "1-31-0", Installable: true, Selector: &mesh.Selector{}}} {
		target := plantest.Forward(t, w, in, step.Ledger{})
		if got := target.Namespaces(); fmt.Sprint(got) != "[a b c d]" {
			t.Errorf("namespaces: got %v, want [a b c d]", got)
		}
		var noted []string
		for _, n := range plan.Make(w, target, step.Ledger{}).Notes {
			if n.Kind == step.NoEffect {
				noted = append(noted, n.Subject+": "+n.Evidence+": "+n.Remedy)
			}
		}
		want := "empty: istio.io/rev=1-20-3: remove the label (`kubectl label namespace empty istio.io/rev-`), or name a revision that exists"
		if len(noted) != 2 || noted[0] != want {
			t.Errorf("notes: got %q, want two, the first %q", noted, want)
		}
	}
	ledger := step.Ledger{Waves: [][]string{{"a", "b", "c", "d"}}}
	if got := baseline.Newcomers(w, plantest.IntentForAll(), ledger); len(got) > 0 {
		t.Errorf("namespaces that join the run later: got %v, want none", got)
	}
}

// An excluded namespace does not join the run later either, and the plan names it.
func TestExcludedNamespaceStaysOut(t *testing.T) {
	w, in := plantest.World(), plantest.IntentForAll()
	in.Exclude = []string{"d"}
	ledger := step.Ledger{Waves: [][]string{{"a", "b", "c"}}}
	if got := baseline.Newcomers(w, in, ledger); len(got) > 0 {
		t.Errorf("namespaces that join the run later: got %v, want none", got)
	}
	for _, n := range plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{}).Notes {
		if n.Kind == step.NotMoved && n.Subject == "d" {
			return
		}
	}
	t.Error("notes: got none on the excluded namespace")
}
