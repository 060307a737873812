// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A swap needs quota for its parked pods and its keeper. Swaps in one namespace need it at the
// same time.
func TestNotesNameSwapsOverQuota(t *testing.T) {
	for _, c := range []struct {
		name       string
		resource   string
		hard, used int64
		want       map[string]string // evidence by subject
	}{
		{name: "enough pods for all", resource: "pods", hard: 6, used: 4},
		{
			name:     "enough pods for each alone",
			resource: "pods", hard: 5, used: 4,
			want: map[string]string{"a": "has 1 of 5 pods left, and its swaps take 2"},
		},
		{name: "pods for none",
			resource: "pods", hard: 4, used: 4,
			want: map[string]string{"Deployment a/w0": "has 0 of 4 pods left, and a pod takes 1", "Deployment a/w9": "and a pod takes 1"},
		},
		{name: "Services for no keeper",
			resource: "services", hard: 2, used: 2,
			want: map[string]string{"Deployment a/w0": "has 0 of 2 services left, and its swap takes 1", "Deployment a/w9": "and its swap takes 1"},
		},
		{
			name:     "Services for one keeper",
			resource: "count/services", hard: 3, used: 2,
			want: map[string]string{"a": "has 1 of 3 count/services left, and its swaps take 2"},
		},
		{name: "Services for both keepers", resource: "services", hard: 4, used: 2},
		{name: "quota of another resource", resource: "secrets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, in := plantest.SwappableWorld()
			for _, wl := range w.WorkloadsIn("a") {
				if wl.Ref() == "Deployment a/w0" {
					wl.Name = "w9"
					w.Workloads = append(w.Workloads, wl)
				}
			}
			w.Sort()
			w.Capacity = mesh.Capacity{Quotas: []mesh.Quota{{Namespace: "a", Name: "tight", Resource: c.resource, Hard: c.hard, Used: c.used}}}
			target := plantest.Forward(t, w, in, step.Ledger{})
			found := map[string]string{}
			for _, n := range plan.Make(w, target, step.Ledger{}).Notes {
				if n.Kind == step.NoCapacity && !strings.Contains(n.Subject, "Set a/") {
					found[n.Subject] = n.Text + n.Evidence
				}
			}
			if len(found) != len(c.want) {
				t.Errorf("notes: got %v, want %v", found, c.want)
			}
			for subject, evidence := range c.want {
				if !strings.Contains(found[subject], evidence) || !strings.Contains(found[subject], "swap") {
					t.Errorf("note on %s: got %q, want %q", subject, found[subject], evidence)
				}
			}
			planned := plan.Make(w, target, step.Ledger{})
			swaps := func(s step.Step) bool { return s.Kind == step.Swap && s.Subject == "Deployment a/w9" }
			if !slices.ContainsFunc(step.Flat(planned.Stages), swaps) {
				t.Fatalf("steps: got %v, want a swap of Deployment a/w9", planned.Stages)
			}
		})
	}
}
