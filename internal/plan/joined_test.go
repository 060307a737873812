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

// A namespace that comes to be bound during a run is no part of it, is named at
// its end, and joins it in a wave of its own; the way back takes it along.
func TestNewcomersJoinInAWaveOfTheirOwn(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), 12, first, nil)
	w.Namespaces = append(slices.Clone(w.Namespaces), mesh.Namespace{Name: "new", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
	w.Workloads = append(slices.Clone(w.Workloads), workload(mesh.Deployment, "new", "web", 1))
	w.Sort()
	w0 := w
	w, l, _ = carry(t, w, forward(t, w, allOf(), l), l, -1, first, nil)
	if got := baseline.Newcomers(w, allOf(), l); !slices.Equal(got, []string{"new"}) {
		t.Fatalf("newcomers: %v", got)
	}
	named := allOf()
	if named.Namespaces = []string{"a"}; baseline.Newcomers(w, named, l) != nil {
		t.Error("namespaces were named, and another one joins")
	}
	l = baseline.WithNewcomers(w, allOf(), l)
	target = forward(t, w, allOf(), l)
	l = Approve(l, Make(w, target, l), noon)
	end, l, done := carry(t, w, target, l, -1, first, nil)
	if wl, _ := end.Workload("Deployment new/web"); !slices.Equal(
		wl.Sidecars(),
		[]string{"1-31-0"},
	) || len(done) == 0 || done[0].Wave != len(l.Waves) {
		t.Fatalf("new/web ends on %v after %v", wl.Sidecars(), done)
	}
	back := RollbackTarget(allOf(), l, 0)
	home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	if ns, _ := home.Namespace("new"); ns.Binding().String() != "istio.io/rev=1-29-1" {
		t.Errorf("new comes back with %s", ns.Binding())
	}
	want, _ := w0.Workload("Deployment new/web")
	got, _ := home.Workload("Deployment new/web")
	if diff := cmp.Diff(want.Sidecars(), got.Sidecars()); diff != "" {
		t.Errorf("new/web comes back (-found +restored):\n%s", diff)
	}
}

// A namespace that was born on the target during a run that other hands had begun is
// no newcomer: nobody moved it there. One that was there, and of which they say so
// only later, is.
func TestWhatWasBornOnTheTargetIsNoNewcomer(t *testing.T) {
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	add := func(w mesh.World, name string) mesh.World {
		w.Namespaces = append(slices.Clone(w.Namespaces), mesh.Namespace{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}})
		wl := workload(mesh.Deployment, name, "web", 1)
		wl.Pods[0].Sidecar.Revision = "1-31-0"
		w.Workloads = append(slices.Clone(w.Workloads), wl)
		w.Sort()
		return w
	}
	w = add(w, "by-hand")
	target := forward(t, w, allOf(), step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	end = add(end, "born")
	in := allOf()
	in.From = "1-29-1"
	if got := baseline.Newcomers(end, in, l); !slices.Equal(got, []string{"by-hand"}) {
		t.Errorf("newcomers: %v", got)
	}
	l = baseline.WithNewcomers(end, in, l)
	if got := l.Baseline.Bindings["by-hand"]; got != "istio.io/rev=1-29-1" || l.Baseline.Bindings["born"] != "" {
		t.Errorf("found is %v", l.Baseline.Bindings)
	}
	for i, wl := range end.Workloads {
		if wl.Namespace == "born" {
			end.Workloads[i].Pods = slices.Clone(wl.Pods)
			end.Workloads[i].Pods[0].Sidecar.Revision = "1-29-1"
		}
	}
	if l = baseline.WithNewcomers(end, in, l); l.Baseline.Bindings["born"] != "istio.io/rev=1-31-0" ||
		l.Baseline.Revisions["born"] != "1-31-0" {
		t.Errorf("with an older pod it joins; found is %v", l.Baseline.Bindings)
	}
}
