// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

func TestNamespacesAreSelectedAndDivided(t *testing.T) {
	for name, tc := range map[string]struct {
		in   step.Intent
		want string
	}{
		"all that are bound, three waves": {step.Intent{}, "[[a] [b c] [d]]"},
		"one wave":                        {step.Intent{WaveCount: 1}, "[[a b c d]]"},
		"more waves than namespaces":      {step.Intent{WaveCount: 9}, "[[a] [b] [c] [d]]"},
		"by name":                         {step.Intent{Namespaces: []string{"d", "b"}}, "[[b] [d]]"},
		"by selector":                     {step.Intent{Selector: &mesh.Selector{{Key: "team", Operator: mesh.Exists}}}, "[[b]]"},
		"by name and selector": {
			step.Intent{Namespaces: []string{"a"}, Selector: &mesh.Selector{{Key: "team", Operator: mesh.In, Values: []string{"core"}}}},
			"[[a] [b]]",
		},
		"by the waves themselves":            {step.Intent{Waves: [][]string{{"d"}, {"a", "b"}}}, "[[d] [a b]]"},
		"a selector leaves unbound ones out": {step.Intent{Selector: &mesh.Selector{}}, "[[a] [b c] [d]]"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Revision, tc.in.Installable = "1-31-0", true
			target, err := ForwardTarget(start(), tc.in, step.Ledger{})
			var got [][]string
			for _, g := range target.Waves {
				got = append(got, g.Namespaces)
			}
			if err != nil || fmt.Sprint(got) != tc.want {
				t.Errorf("%v, %v; want %s", got, err, tc.want)
			}
		})
	}
}

// Bad input is refused with what was found and what to do.
func TestRequestsThatCannotBeMet(t *testing.T) {
	label := func(w *mesh.World, name, key, value string) {
		for i, ns := range w.Namespaces {
			if ns.Name == name {
				w.Namespaces[i].Labels = map[string]string{key: value}
			}
		}
	}
	for name, tc := range map[string]struct {
		in    step.Intent
		world func(*mesh.World)
		says  string
	}{
		"no Istio":          {step.Intent{Installable: true}, func(w *mesh.World) { w.Revisions = nil }, "no Istio control plane was found"},
		"no such revision":  {step.Intent{}, nil, "the cluster has 1-29-1"},
		"no such namespace": {step.Intent{Installable: true, Namespaces: []string{"nope"}}, nil, `namespace "nope" does not exist`},
		"unbound namespace": {
			step.Intent{Installable: true, Namespaces: []string{"free"}}, nil,
			"not bound to a revision, by its labels ((none))",
		},
		"the is the root namespace": {step.Intent{Installable: true, Namespaces: []string{"istio-system"}}, nil, "is the root namespace"},
		"switched off": {
			step.Intent{Installable: true, Namespaces: []string{"a"}},
			func(w *mesh.World) { label(w, "a", mesh.InjectionLabel, "disabled") },
			"not bound",
		},
		"a label nobody serves": {
			step.Intent{Installable: true},
			func(w *mesh.World) { label(w, "a", mesh.RevisionLabel, "ghost") },
			"no webhook selects",
		},
		"two would inject": {step.Intent{Installable: true}, func(w *mesh.World) {
			h := w.Webhooks[0]
			h.Revision, h.Configuration = "other", "other"
			w.Webhooks = append(w.Webhooks, h)
		}, "2 revisions would inject"},
		"the revision in use":        {step.Intent{Revision: "1-29-1"}, nil, "nothing to move"},
		"the revision in use, named": {step.Intent{Revision: "1-29-1", Namespaces: []string{"a"}}, nil, "is the one in use in a"},
		"selector without matches": {
			step.Intent{Installable: true, Selector: &mesh.Selector{{Key: "x", Operator: mesh.Exists}}}, nil,
			"the selector matches no namespace",
		},
		"in two waves": {step.Intent{Installable: true, Waves: [][]string{{"a"}, {"a"}}}, nil, "in wave 1 and in wave 2"},
		"in no wave": {
			step.Intent{Installable: true, Namespaces: []string{"a", "b"}, Waves: [][]string{{"a"}}}, nil,
			`"b" is selected and in no wave`,
		},
		"in a wave, not selected": {
			step.Intent{Installable: true, Namespaces: []string{"a"}, Waves: [][]string{{"a"}, {"b"}}}, nil,
			"not among the selected",
		},
		"an empty wave": {step.Intent{Installable: true, Waves: [][]string{{"a"}, {}}}, nil, "wave 2 is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start()
			if tc.world != nil {
				tc.world(&w)
			}
			if tc.in.Revision == "" {
				tc.in.Revision = "1-31-0"
			}
			if _, err := ForwardTarget(w, tc.in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v; want %q", err, tc.says)
			}
		})
	}
}

// An upgrade begun by hand is taken up where it stands.
func TestWorkloadsLeftBehindAreSelected(t *testing.T) {
	w := start()
	w = withRevision(w, "1-31-0", "1.31.0")
	for _, ns := range []string{"a", "b", "c", "d"} {
		binding.SimulateLabels(&w, step.Step{Subject: step.Subject(ns), To: mesh.Pinned("1-31-0").String()})
	}
	target, err := ForwardTarget(w, step.Intent{Revision: "1-31-0", WaveCount: 1}, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	if left := step.Changing(Steps(w, target, step.Ledger{})); len(left) != 13 { // the definition, and 12 restarts
		t.Errorf("%d changes are left: %v", len(left), left)
	}
}
