// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

func TestNamespacesAreSelectedAndDivided(t *testing.T) {
	for name, tc := range map[string]struct {
		in   Intent
		want string
	}{
		"all that are bound, three waves":    {Intent{}, "[[a] [b c] [d]]"},
		"one wave":                           {Intent{Count: 1}, "[[a b c d]]"},
		"more waves than namespaces":         {Intent{Count: 9}, "[[a] [b] [c] [d]]"},
		"by name":                            {Intent{Names: []string{"d", "b"}}, "[[b] [d]]"},
		"by selector":                        {Intent{Selector: &mesh.Selector{{Key: "team", Operator: mesh.Exists}}}, "[[b]]"},
		"by name and selector":               {Intent{Names: []string{"a"}, Selector: &mesh.Selector{{Key: "team", Operator: mesh.In, Values: []string{"core"}}}}, "[[a] [b]]"},
		"by the waves themselves":            {Intent{Waves: [][]string{{"d"}, {"a", "b"}}}, "[[d] [a b]]"},
		"a selector leaves unbound ones out": {Intent{Selector: &mesh.Selector{}}, "[[a] [b c] [d]]"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Revision, tc.in.Installable = "1-31-0", true
			target, err := Forward(start(), tc.in, Ledger{})
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
		in    Intent
		world func(*mesh.World)
		says  string
	}{
		"no Istio":                {Intent{Installable: true}, func(w *mesh.World) { w.Revisions = nil }, "no Istio control plane was found"},
		"no such revision":        {Intent{}, nil, "the cluster has 1-29-1"},
		"no such namespace":       {Intent{Installable: true, Names: []string{"nope"}}, nil, `no namespace "nope"`},
		"unbound namespace":       {Intent{Installable: true, Names: []string{"free"}}, nil, "not bound to a revision by its own labels ((none))"},
		"the control plane's own": {Intent{Installable: true, Names: []string{"istio-system"}}, nil, "control plane's own"},
		"switched off":            {Intent{Installable: true, Names: []string{"a"}}, func(w *mesh.World) { label(w, "a", mesh.InjectionLabel, "disabled") }, "not bound"},
		"a label nobody serves":   {Intent{Installable: true}, func(w *mesh.World) { label(w, "a", mesh.RevisionLabel, "ghost") }, "no live webhook answers"},
		"two would inject": {Intent{Installable: true}, func(w *mesh.World) {
			h := w.Webhooks[0]
			h.Revision, h.Configuration = "other", "other"
			w.Webhooks = append(w.Webhooks, h)
		}, "2 revisions would inject"},
		"the revision in use":        {Intent{Revision: "1-29-1"}, nil, "nothing to move"},
		"the revision in use, named": {Intent{Revision: "1-29-1", Names: []string{"a"}}, nil, "is the one in use in a"},
		"selector without matches":   {Intent{Installable: true, Selector: &mesh.Selector{{Key: "x", Operator: mesh.Exists}}}, nil, "the selector matches no namespace"},
		"in two waves":               {Intent{Installable: true, Waves: [][]string{{"a"}, {"a"}}}, nil, "in wave 1 and in wave 2"},
		"in no wave":                 {Intent{Installable: true, Names: []string{"a", "b"}, Waves: [][]string{{"a"}}}, nil, `"b" is selected and in no wave`},
		"in a wave, not selected":    {Intent{Installable: true, Names: []string{"a"}, Waves: [][]string{{"a"}, {"b"}}}, nil, "not among the selected"},
		"an empty wave":              {Intent{Installable: true, Waves: [][]string{{"a"}, {}}}, nil, "wave 2 is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start()
			if tc.world != nil {
				tc.world(&w)
			}
			if tc.in.Revision == "" {
				tc.in.Revision = "1-31-0"
			}
			if _, err := Forward(w, tc.in, Ledger{}); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v; want %q", err, tc.says)
			}
		})
	}
}

// An upgrade begun by hand is taken up where it stands.
func TestWorkloadsLeftBehindAreSelected(t *testing.T) {
	w := start()
	w = installed(w, "1-31-0", "1.31.0")
	for _, ns := range []string{"a", "b", "c", "d"} {
		relabelled(&w, Step{Subject: ns, To: mesh.Pinned("1-31-0").String()})
	}
	target, err := Forward(w, Intent{Revision: "1-31-0", Count: 1}, Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	if left := Changing(Steps(w, target, Ledger{})); len(left) != 13 { // the definition, and 12 restarts
		t.Errorf("%d changes are left: %v", len(left), left)
	}
}
