// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// What its own label binds and came after the run had begun is moved, and comes
// back with the rest.
func TestWhatComesToBeBoundIsFoundThen(t *testing.T) {
	w := sixWays()
	_, l, _ := carry(
		t, w,
		forward(t, w, allOf(), step.Ledger{}),
		NewLedger(Make(w, forward(t, w, allOf(), step.Ledger{}), step.Ledger{}), noon), 2, first, nil,
	)
	late := workload(mesh.CronJob, "own", "late", 0)
	late.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(slices.Clone(w.Workloads), late)
	w.Sort()
	if l = baseline.Extend(w, allOf(), l); l.Baseline.TemplateLabels[late.Ref()] != "1-29-1" ||
		l.Baseline.Revisions[step.BoundWorkload(late.Ref())] != "1-29-1" {
		t.Fatalf("found is %v", l.Baseline.TemplateLabels)
	}
	target := forward(t, w, allOf(), l)
	end, l, _ := carry(t, w, target, Approve(l, Make(w, target, l), noon), -1, first, nil)
	if wl, _ := end.Workload(late.Ref()); wl.Template.Labels[mesh.RevisionLabel] != "1-31-0" {
		t.Errorf("there it bears %v", wl.Template.Labels)
	}
	back := RollbackTarget(allOf(), l, 0)
	home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	if wl, _ := home.Workload(late.Ref()); wl.Template.Labels[mesh.RevisionLabel] != "1-29-1" {
		t.Errorf("back it bears %v", wl.Template.Labels)
	}
}

// What came once its tag had been moved is led to the target by it: nothing is
// written into its template, and nothing is left of the run in it on the way back.
// Where it has old pods all the same, these alone are made anew.
func TestWhatComesAfterItsTagIsNotPinned(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	end.Workloads = slices.Clone(end.Workloads)
	for name, labels := range map[string]map[string]string{
		"late-inject": {mesh.SidecarLabel: "true"},
		"late-tag":    {mesh.RevisionLabel: "prod"},
	} {
		for _, kind := range []mesh.Kind{mesh.CronJob, mesh.Deployment} {
			wl := workload(kind, "own", name, 0)
			wl.Template.Labels = labels
			end.Workloads = append(end.Workloads, wl)
		}
	}
	old := workload(mesh.Deployment, "own", "late-pods", 1)
	old.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
	with := cloneWorld(end)
	with.Workloads = append(slices.Clone(end.Workloads), old)
	end.Sort()
	with.Sort()
	l = baseline.WithNewcomers(end, allOf(), baseline.Extend(end, allOf(), l))
	target = forward(t, end, allOf(), l)
	if left := step.Flat(Steps(end, target, l)); len(left) > 0 {
		t.Errorf("left is %v", left)
	}
	l = Approve(l, Make(end, target, l), noon)
	back := RollbackTarget(allOf(), l, 0)
	home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	for _, wl := range home.In("own") {
		if strings.HasPrefix(wl.Name, "late") && step.TemplateLabelOf(wl) == "1-31-0" {
			t.Errorf("taken back, %s bears %s", wl.Ref(), binding.DescribeLabel(step.TemplateLabelOf(wl)))
		}
	}
	changes := step.Changing(Steps(with, forward(t, with, allOf(), l), l))
	if len(changes) != 1 || changes[0].Kind != step.Restart || changes[0].Workload() != old.Ref() || changes[0].TemplateLabel != "" {
		t.Errorf("of what has old pods, left is %v", changes)
	}
}

// Where the old revision's end is asked for after the upgrade, a tag that nobody is
// bound by is moved then.
func TestATagThatNobodyUsesIsMovedWhenTheRemovalIsAskedForLater(t *testing.T) {
	w, in := sixWays(), allOf()
	w.Tags = append(slices.Clone(w.Tags), mesh.Tag{Name: "spare", Revision: "1-29-1", Service: "1-29-1"})
	w.Sort()
	target := forward(t, w, in, step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if again := baseline.Extend(end, in, l); slices.Contains(again.Baseline.MovedTags, "spare") {
		t.Error("moved without the removal having been asked for")
	}
	in.Remove = true
	l = baseline.Extend(end, in, l)
	if !slices.Contains(l.Baseline.MovedTags, "spare") || l.Baseline.Tags["spare"] != "1-29-1" {
		t.Errorf("moved are %v, found at %v", l.Baseline.MovedTags, l.Baseline.Tags)
	}
}

// A tag that stayed for others is moved once they are bound to what they run by its
// own name, as the plan advised: by the same run, given again, and back with it. Not
// so where tags are to be kept, or where another tool or person moved or removed it.
func TestATagThatStayedIsMovedOnceNobodyElseIsBoundByIt(t *testing.T) {
	w, in := sixWays(), allOf()
	in.Namespaces = []string{"c"}
	target := forward(t, w, in, step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if again := baseline.Extend(end, in, l); len(again.Baseline.MovedTags) > 0 {
		t.Fatalf("moved are %v, and own/by-tag is bound by prod", again.Baseline.MovedTags)
	}
	end = cloneWorld(end)
	for i, wl := range end.Workloads {
		if wl.Ref() == "Deployment own/by-tag" {
			end.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
		}
	}
	elsewhere := cloneWorld(end)
	binding.SimulateTag(&elsewhere, step.Step{Kind: step.Tag, Subject: "prod", To: "1-31-0"})
	kept := in
	kept.Tags = step.KeepTags
	for name, c := range map[string]struct {
		w    mesh.World
		in   step.Intent
		says string
	}{"kept": {end, kept, "as requested"}, "moved by others": {elsewhere, in, "another tool or person moved or removed it"}} {
		again := baseline.Extend(c.w, c.in, l)
		notes := advice.Notes(c.w, forward(t, c.w, c.in, again))
		if len(again.Baseline.MovedTags) > 0 || !slices.ContainsFunc(
			notes,
			func(n step.Note) bool { return n.Kind == step.TagStays && strings.Contains(n.Text, c.says) },
		) {
			t.Errorf("%s: moved are %v; %v", name, again.Baseline.MovedTags, notes)
		}
	}
	l = baseline.Extend(end, in, l)
	target = forward(t, end, in, l)
	there, l, done := carry(t, end, target, Approve(l, Make(end, target, l), noon), -1, first, nil)
	ns, _ := there.Namespace("c")
	if at := there.TagRevisions("prod"); !slices.Equal(at, []string{"1-31-0"}) || ns.Binding().String() != "istio.io/rev=prod" {
		t.Errorf("prod ends at %v, and c with %s, after %v", at, ns.Binding(), done)
	}
	back := RollbackTarget(in, l, 0)
	home, _, _ := carry(t, there, back, Approve(l, Make(there, back, l), noon), -1, first, nil)
	if at := home.TagRevisions("prod"); !slices.Equal(at, []string{"1-29-1"}) {
		t.Errorf("taken back, prod is at %v", at)
	}
	for _, wl := range home.In("c") {
		if !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
			t.Errorf("taken back, %s is on %v", wl.Ref(), wl.Sidecars())
		}
	}
}

// The record of an older version knows of what pods' own labels bind only the
// sidecars: it comes back all the same.
func TestAnOlderRecordComesBack(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	for key := range l.Baseline.TemplateLabels {
		delete(l.Baseline.Revisions, step.BoundWorkload(key))
	}
	back := RollbackTarget(allOf(), l, 0)
	home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	for key := range l.Baseline.TemplateLabels {
		was, _ := w.Workload(key)
		if is, _ := home.Workload(key); !slices.Equal(is.Sidecars(), was.Sidecars()) {
			t.Errorf("%s comes back on %v", key, is.Sidecars())
		}
	}
}

// Pods that are away for a moment make no other plan of what was agreed to.
func TestAMomentWithoutPodsIsNoDrift(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	p := Make(w, target, step.Ledger{})
	l := NewLedger(p, noon)
	w.Workloads = slices.Clone(w.Workloads)
	for i, wl := range w.Workloads {
		if wl.Namespace == "own" && wl.Injected() {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			for j := range wl.Pods {
				w.Workloads[i].Pods[j].Terminating = true
			}
		}
	}
	left := Make(w, forward(t, w, allOf(), l), l).Stages
	if !slices.ContainsFunc(step.Flat(left), func(s step.Step) bool { return s.Kind == step.LabelTemplate }) {
		t.Fatal("nothing is pinned while its pods are away")
	}
	if strange := Drift(left, forward(t, w, allOf(), l), l); strange != nil {
		t.Errorf("it drifts: %v", strange)
	}
}

// What leads to the untagged revision without a label does so whatever the tag of
// the same name points to.
func TestAClaimOfTheUntaggedRevision(t *testing.T) {
	w := mesh.World{Tags: []mesh.Tag{{Name: "default", Revision: "1-31-0"}}, Revisions: []mesh.Revision{{Name: "1-31-0"}, {Name: "default"}}}
	w.Sort()
	if !w.References(
		mesh.Reference{Revision: "default"},
		"default",
	) || w.References(mesh.Reference{Value: "default"}, "default") || !w.References(mesh.Reference{Value: "default"}, "1-31-0") {
		t.Error("a label and a connection are taken for the same")
	}
}
