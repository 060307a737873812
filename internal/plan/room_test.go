// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A swap needs room for its parked pods and its keeper; several in one namespace
// keep theirs at the same time.
func TestASwapWithoutRoomIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		resource   string
		hard, used int64
		want       map[string]string // evidence by subject
	}{
		"room for all":   {"pods", 6, 4, nil},
		"for each alone": {"pods", 5, 4, map[string]string{"a": "has 1 of 5 pods left, and its swaps take 2"}},
		"for none": {
			"pods", 4, 4,
			map[string]string{"Deployment a/w0": "has 0 of 4 pods left, and a pod takes 1", "Deployment a/w9": "and a pod takes 1"},
		},
		"lacks capacity for a keeper": {
			"services", 2, 2,
			map[string]string{"Deployment a/w0": "has 0 of 2 services left, and its swap takes 1", "Deployment a/w9": "and its swap takes 1"},
		},
		"for one keeper":        {"count/services", 3, 2, map[string]string{"a": "has 1 of 3 count/services left, and its swaps take 2"}},
		"for both":              {"services", 4, 2, nil},
		"a quota that is apart": {"secrets", 0, 0, nil},
	} {
		w, in := swappableMesh()
		for _, wl := range w.In("a") {
			if wl.Ref() == "Deployment a/w0" {
				wl.Name = "w9"
				w.Workloads = append(w.Workloads, wl)
			}
		}
		w.Sort()
		w.Capacity = mesh.Capacity{Quotas: []mesh.Quota{{Namespace: "a", Name: "tight", Resource: c.resource, Hard: c.hard, Used: c.used}}}
		target := forward(t, w, in, step.Ledger{})
		found := map[string]string{}
		for _, n := range Make(w, target, step.Ledger{}).Notes {
			if n.Kind == step.NoCapacity && !strings.Contains(n.Subject, "Set a/") {
				found[n.Subject] = n.Text + n.Evidence
			}
		}
		if len(found) != len(c.want) {
			t.Errorf("%s: %v", name, found)
		}
		for subject, evidence := range c.want {
			if !strings.Contains(found[subject], evidence) || !strings.Contains(found[subject], "swap") {
				t.Errorf("%s: of %s is said %q, want %q", name, subject, found[subject], evidence)
			}
		}
		if plan := Make(w, target, step.Ledger{}); !slices.ContainsFunc(
			step.Flat(plan.Stages),
			func(s step.Step) bool { return s.Kind == step.Swap && s.Subject == "Deployment a/w9" },
		) {
			t.Fatalf("%s: it is not swapped: %v", name, plan.Stages)
		}
	}
}
