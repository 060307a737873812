// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A namespace that is bound during a run joins it in a wave of its own. The rollback restores it.
func TestNewcomersGetTheirOwnWave(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), 12, plantest.First, nil)
	w.Namespaces = append(slices.Clone(w.Namespaces), mesh.Namespace{Name: "new", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
	w.Workloads = append(slices.Clone(w.Workloads), plantest.Workload(mesh.Deployment, "new", "web", 1))
	w.Sort()
	w0 := w
	w, l, _ = plantest.Run(t, w, plantest.Forward(t, w, plantest.IntentForAll(), l), l, -1, plantest.First, nil)
	if got := baseline.Newcomers(w, plantest.IntentForAll(), l); !slices.Equal(got, []string{"new"}) {
		t.Fatalf("newcomers: got %v, want new", got)
	}
	named := plantest.IntentForAll()
	if named.Namespaces = []string{"a"}; baseline.Newcomers(w, named, l) != nil {
		t.Error("newcomers with namespaces given by name: got some, want none")
	}
	l = baseline.WithNewcomers(w, plantest.IntentForAll(), l)
	target = plantest.Forward(t, w, plantest.IntentForAll(), l)
	l = plantest.Approve(w, target, l)
	end, l, done := plantest.Run(t, w, target, l, -1, plantest.First, nil)
	if wl, _ := end.Workload("Deployment new/web"); !slices.Equal(
		wl.Sidecars(),
		[]string{"1-31-0"},
	) || len(done) == 0 || done[0].Wave != len(l.Waves) {
		t.Fatalf("new/web: got sidecars of %v after %v, want 1-31-0 in the last wave", wl.Sidecars(), done)
	}
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	if ns, _ := restored.Namespace("new"); ns.Binding().String() != "istio.io/rev=1-29-1" {
		t.Errorf("labels of new after the rollback: got %s, want istio.io/rev=1-29-1", ns.Binding())
	}
	want, _ := w0.Workload("Deployment new/web")
	got, _ := restored.Workload("Deployment new/web")
	if diff := cmp.Diff(want.Sidecars(), got.Sidecars()); diff != "" {
		t.Errorf("sidecars of new/web (-before +after the rollback):\n%s", diff)
	}
}

// A namespace created on the target during a run is no newcomer. One that existed before, and
// for which From is given later, is.
func TestNamespaceCreatedOnTargetIsNoNewcomer(t *testing.T) {
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	add := func(w mesh.World, name string) mesh.World {
		w.Namespaces = append(slices.Clone(w.Namespaces), mesh.Namespace{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}})
		wl := plantest.Workload(mesh.Deployment, name, "web", 1)
		wl.Pods[0].Sidecar.Revision = "1-31-0"
		w.Workloads = append(slices.Clone(w.Workloads), wl)
		w.Sort()
		return w
	}
	w = add(w, "by-hand")
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	end = add(end, "born")
	in := plantest.IntentForAll()
	in.From = "1-29-1"
	if got := baseline.Newcomers(end, in, l); !slices.Equal(got, []string{"by-hand"}) {
		t.Errorf("newcomers: got %v, want by-hand", got)
	}
	l = baseline.WithNewcomers(end, in, l)
	if got := l.Baseline.Bindings["by-hand"]; got != "istio.io/rev=1-29-1" || l.Baseline.Bindings["born"] != "" {
		t.Errorf("baseline: got %v, want by-hand on 1-29-1 and no born", l.Baseline.Bindings)
	}
	for i, wl := range end.Workloads {
		if wl.Namespace == "born" {
			end.Workloads[i].Pods = slices.Clone(wl.Pods)
			end.Workloads[i].Pods[0].Sidecar.Revision = "1-29-1"
		}
	}
	if l = baseline.WithNewcomers(end, in, l); l.Baseline.Bindings["born"] != "istio.io/rev=1-31-0" ||
		l.Baseline.Revisions["born"] != "1-31-0" {
		t.Errorf("baseline with an older pod: got %v, want born on 1-31-0", l.Baseline.Bindings)
	}
}
