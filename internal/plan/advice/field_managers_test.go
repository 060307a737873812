// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A tool that set a label is named with what to change. The label is written, not waited for.
func TestNotesNameToolsThatSetLabels(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	terraform, unknown := mesh.FieldManager{Name: "HashiCorp", Tool: mesh.Terraform}, mesh.FieldManager{Name: "tenant-operator"}
	managed := ""
	for i, ns := range w.Namespaces {
		switch ns.Name {
		case "a":
			w.Namespaces[i].SetBy = terraform
		case "b":
			w.Namespaces[i].SetBy = unknown
		case "c":
			w.Namespaces[i].SetBy, w.Namespaces[i].ManagedBy = terraform, "Argo CD application shop"
			managed = ns.Name
		}
	}
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment own/by-tag" {
			w.Workloads[i].SetBy = terraform
		}
	}
	planned := plan.Make(w, plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}), step.Ledger{})
	notes := map[string]step.Note{}
	for _, n := range planned.Notes {
		if n.Kind == step.SetByTool {
			notes[n.Subject] = n
		}
	}
	for _, c := range []struct{ subject, evidence, remedy string }{
		{"b", "set by field manager tenant-operator", "--show-managed-fields"},
		{"Deployment own/by-tag", "set by Terraform (field manager HashiCorp)", "set istio.io/rev=1-31-0 in the Terraform configuration"},
	} {
		n := notes[c.subject]
		if !strings.Contains(n.Evidence, c.evidence) || !strings.Contains(n.Remedy, c.remedy) {
			t.Errorf("%s: got %+v, want %q and %q", c.subject, n, c.evidence, c.remedy)
		}
	}
	if n, named := notes[managed]; named {
		t.Errorf("namespace that is waited for: got %+v, want no such note", n)
	}
	for _, s := range step.Flat(planned.Stages) {
		if s.By != "" && string(s.Subject) != managed {
			t.Errorf("step %s waits for %s, want it written", s, s.By)
		}
	}
}

// A tool whose label is restored at the end of the run has nothing to change.
func TestToolsWaitWhereTheLabelIsRestored(t *testing.T) {
	w := plantest.World()
	for i := range w.Namespaces {
		w.Namespaces[i].SetBy = mesh.FieldManager{Name: "Terraform", Tool: mesh.Terraform}
	}
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	seen := map[bool]int{}
	for _, n := range plan.Make(w, target, step.Ledger{}).Notes {
		if n.Kind != step.SetByTool {
			continue
		}
		_, restored := target.FinalBindings[n.Subject]
		seen[restored]++
		if waits := strings.Contains(n.Remedy, "write nothing until the run is complete"); waits != restored {
			t.Errorf("%s, restored %t: got remedy %q", n.Subject, restored, n.Remedy)
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("notes by restored: got %v, want both", seen)
	}
}
