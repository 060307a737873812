// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/step"
)

// declaredKinds returns the constants of type Kind in internal/step.
func declaredKinds(t *testing.T) []step.Kind {
	t.Helper()
	files, err := filepath.Glob(root + "/internal/step/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files of internal/step, %v", len(files), err)
	}
	var kinds []step.Kind
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			typ, named := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if named && literal && typ.Name == "Kind" {
				text, err := strconv.Unquote(value.Value)
				if err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, step.Kind(text))
			}
			return true
		})
	}
	return kinds
}

// TestEveryStepKindIsInEveryTable compares the declared kinds with the tables that say
// what a kind is: planner, engine, report and rights.
func TestEveryStepKindIsInEveryTable(t *testing.T) {
	var planned, needed []step.Kind
	for _, d := range plan.Definitions() {
		planned = append(planned, d.Kind)
	}
	for _, r := range rights.Table {
		needed = append(needed, r.Kind)
	}
	want := declaredKinds(t)
	for _, table := range []struct {
		name string
		has  []step.Kind
	}{
		{"step.Kinds", step.Kinds()},
		{"plan.Definitions", planned},
		{"engine.Handled", engine.Handled()},
		{"report.Described", report.Described()},
		{"rights.Table", needed},
	} {
		t.Run(table.name, func(t *testing.T) {
			for _, kind := range want {
				if !slices.Contains(table.has, kind) {
					t.Errorf("got no entry for kind %q, want one", kind)
				}
			}
			if len(table.has) != len(want) {
				t.Errorf("got %d entries, want %d: %v", len(table.has), len(want), table.has)
			}
		})
	}
}

// TestStepKindsAreDefinedCompletely checks what depends on the nature of a kind.
func TestStepKindsAreDefinedCompletely(t *testing.T) {
	action := []step.Kind{step.Swap, step.DeleteParked} // rendered action by action
	for _, d := range plan.Definitions() {
		t.Run(string(d.Kind), func(t *testing.T) {
			if d.Left == nil {
				t.Error("got no Left, want one")
			}
			if d.Forward.Phase == plan.Never && d.Back.Phase == plan.Never {
				t.Error("got no phase in either direction, want one")
			}
			if (d.Simulate == nil) != (d.Verdict != nil) {
				t.Error("got both, or none, of Simulate and Verdict, want one of them")
			}
			if wantRender := d.Kind.Changes() && !slices.Contains(action, d.Kind); (d.Render != nil) != wantRender {
				t.Errorf("got Render %t, want %t", d.Render != nil, wantRender)
			}
		})
	}
}

// TestKeysOfEveryKindSurviveARecord writes and reads the keys under which a record holds
// what is waited for, and verdicts.
func TestKeysOfEveryKindSurviveARecord(t *testing.T) {
	w := plantest.World()
	subjects := map[step.SubjectType]step.Subject{
		step.NameSubject:       "1-29-1",
		step.NamespaceSubject:  "a",
		step.NamespacesSubject: "a, b",
		step.WorkloadSubject:   step.Subject(w.Workloads[0].Ref()),
		step.ObjectSubject:     "ConfigMap istio-system/istio",
		step.DryRunSubject:     "pod in a",
	}
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	target.Remove = []string{"1-28-0", "1-29-1"}
	for _, kind := range step.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := step.Step{Kind: kind, Wave: 1, Subject: subjects[kind.SubjectType()], From: "idle", To: "1-29-1"}
			plantest.CheckKeys(t, w, target, s)
		})
	}
}
