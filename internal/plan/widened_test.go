// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// What its own label binds and came after the run had begun is moved, and comes
// back with the rest.
func TestWhatComesToBeBoundIsFoundThen(t *testing.T) {
	w := sixWays()
	_, l, _ := carry(t, w, forward(t, w, allOf(), Ledger{}), Opened(Make(w, forward(t, w, allOf(), Ledger{}), Ledger{}), noon), 2, first, nil)
	late := workload(mesh.CronJob, "own", "late", 0)
	late.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(slices.Clone(w.Workloads), late)
	w.Sort()
	if l = Widened(w, allOf(), l); l.Baseline.Pins[late.Key()] != "1-29-1" || l.Baseline.Revisions[late.Key()] != "1-29-1" {
		t.Fatalf("found is %v", l.Baseline.Pins)
	}
	target := forward(t, w, allOf(), l)
	end, l, _ := carry(t, w, target, l.Agreed(Make(w, target, l), noon), -1, first, nil)
	if wl, _ := end.Workload(late.Key()); wl.Template.Labels[mesh.RevisionLabel] != "1-31-0" {
		t.Errorf("there it bears %v", wl.Template.Labels)
	}
	back := Backward(allOf(), l, 0)
	home, _, _ := carry(t, end, back, l.Agreed(Make(end, back, l), noon), -1, first, nil)
	if wl, _ := home.Workload(late.Key()); wl.Template.Labels[mesh.RevisionLabel] != "1-29-1" {
		t.Errorf("back it bears %v", wl.Template.Labels)
	}
}

// What came once its tag had been moved is led to the target by it: nothing is
// written into its template, and nothing is left of the run in it on the way back.
// Where it has old pods all the same, these alone are made anew.
func TestWhatComesAfterItsTagIsNotPinned(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), Ledger{})
	end, l, _ := carry(t, w, target, Opened(Make(w, target, Ledger{}), noon), -1, first, nil)
	end.Workloads = slices.Clone(end.Workloads)
	for name, labels := range map[string]map[string]string{"late-inject": {mesh.SidecarLabel: "true"}, "late-tag": {mesh.RevisionLabel: "prod"}} {
		for _, kind := range []mesh.Kind{mesh.CronJob, mesh.Deployment} {
			wl := workload(kind, "own", name, 0)
			wl.Template.Labels = labels
			end.Workloads = append(end.Workloads, wl)
		}
	}
	old := workload(mesh.Deployment, "own", "late-pods", 1)
	old.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
	with := copied(end)
	with.Workloads = append(slices.Clone(end.Workloads), old)
	end.Sort()
	with.Sort()
	l = Joined(end, allOf(), Widened(end, allOf(), l))
	target = forward(t, end, allOf(), l)
	if left := Flat(Steps(end, target, l)); len(left) > 0 {
		t.Errorf("left is %v", left)
	}
	l = l.Agreed(Make(end, target, l), noon)
	back := Backward(allOf(), l, 0)
	home, _, _ := carry(t, end, back, l.Agreed(Make(end, back, l), noon), -1, first, nil)
	for _, wl := range home.In("own") {
		if strings.HasPrefix(wl.Name, "late") && pinOf(wl) == "1-31-0" {
			t.Errorf("taken back, %s bears %s", wl.Key(), labelOf(pinOf(wl)))
		}
	}
	changes := Changing(Steps(with, forward(t, with, allOf(), l), l))
	if len(changes) != 1 || changes[0].Kind != Restart || changes[0].Subject != old.Key() || changes[0].Pin != "" {
		t.Errorf("of what has old pods, left is %v", changes)
	}
}

// Where the old revision's end is asked for after the upgrade, a tag that nobody is
// bound by is moved then.
func TestATagThatNobodyUsesIsMovedWhenTheRemovalIsAskedForLater(t *testing.T) {
	w, in := sixWays(), allOf()
	w.Tags = append(slices.Clone(w.Tags), mesh.Tag{Name: "spare", Revision: "1-29-1", Service: "1-29-1"})
	w.Sort()
	target := forward(t, w, in, Ledger{})
	end, l, _ := carry(t, w, target, Opened(Make(w, target, Ledger{}), noon), -1, first, nil)
	if again := Widened(end, in, l); slices.Contains(again.Baseline.Moved, "spare") {
		t.Error("moved without the removal having been asked for")
	}
	in.Remove = true
	l = Widened(end, in, l)
	if !slices.Contains(l.Baseline.Moved, "spare") || l.Baseline.Tags["spare"] != "1-29-1" {
		t.Errorf("moved are %v, found at %v", l.Baseline.Moved, l.Baseline.Tags)
	}
}

// A tag that stayed for others is moved once they are bound to what they run by its
// own name, as the plan advised: by the same run, given again, and back with it. Not
// so where tags are to be kept, or where others have moved it.
func TestATagThatStayedIsMovedOnceNobodyElseIsBoundByIt(t *testing.T) {
	w, in := sixWays(), allOf()
	in.Names = []string{"c"}
	target := forward(t, w, in, Ledger{})
	end, l, _ := carry(t, w, target, Opened(Make(w, target, Ledger{}), noon), -1, first, nil)
	if again := Widened(end, in, l); len(again.Baseline.Moved) > 0 {
		t.Fatalf("moved are %v, and own/by-tag is bound by prod", again.Baseline.Moved)
	}
	end = copied(end)
	for i, wl := range end.Workloads {
		if wl.Key() == "Deployment own/by-tag" {
			end.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
		}
	}
	elsewhere := copied(end)
	retagged(&elsewhere, Step{Kind: Tag, Subject: "prod", To: "1-31-0"})
	kept := in
	kept.Tags = KeepTags
	for name, c := range map[string]struct {
		w    mesh.World
		in   Intent
		says string
	}{"kept": {end, kept, "as asked"}, "moved by others": {elsewhere, in, "others have moved it"}} {
		again := Widened(c.w, c.in, l)
		notes := Notes(c.w, forward(t, c.w, c.in, again))
		if len(again.Baseline.Moved) > 0 || !slices.ContainsFunc(notes, func(n Note) bool { return n.Kind == TagStays && strings.Contains(n.Text, c.says) }) {
			t.Errorf("%s: moved are %v; %v", name, again.Baseline.Moved, notes)
		}
	}
	l = Widened(end, in, l)
	target = forward(t, end, in, l)
	there, l, done := carry(t, end, target, l.Agreed(Make(end, target, l), noon), -1, first, nil)
	ns, _ := there.Namespace("c")
	if at := there.TagAt("prod"); !slices.Equal(at, []string{"1-31-0"}) || ns.Binding().String() != "istio.io/rev=prod" {
		t.Errorf("prod ends at %v, and c with %s, after %v", at, ns.Binding(), done)
	}
	back := Backward(in, l, 0)
	home, _, _ := carry(t, there, back, l.Agreed(Make(there, back, l), noon), -1, first, nil)
	if at := home.TagAt("prod"); !slices.Equal(at, []string{"1-29-1"}) {
		t.Errorf("taken back, prod is at %v", at)
	}
	for _, wl := range home.In("c") {
		if !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
			t.Errorf("taken back, %s is on %v", wl.Key(), wl.Sidecars())
		}
	}
}

// The record of an older version knows of what pods' own labels bind only the
// sidecars: it comes back all the same.
func TestAnOlderRecordComesBack(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), Ledger{})
	end, l, _ := carry(t, w, target, Opened(Make(w, target, Ledger{}), noon), -1, first, nil)
	for key := range l.Baseline.Pins {
		delete(l.Baseline.Revisions, key)
	}
	back := Backward(allOf(), l, 0)
	home, _, _ := carry(t, end, back, l.Agreed(Make(end, back, l), noon), -1, first, nil)
	for key := range l.Baseline.Pins {
		was, _ := w.Workload(key)
		if is, _ := home.Workload(key); !slices.Equal(is.Sidecars(), was.Sidecars()) {
			t.Errorf("%s comes back on %v", key, is.Sidecars())
		}
	}
}

// Pods that are away for a moment make no other plan of what was agreed to.
func TestAMomentWithoutPodsIsNoDrift(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), Ledger{})
	p := Make(w, target, Ledger{})
	l := Opened(p, noon)
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
	if !slices.ContainsFunc(Flat(left), func(s Step) bool { return s.Kind == Preset }) {
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
	if !w.Claimed(mesh.Claim{Revision: "default"}, "default") || w.Claimed(mesh.Claim{Value: "default"}, "default") || !w.Claimed(mesh.Claim{Value: "default"}, "1-31-0") {
		t.Error("a label and a connection are taken for the same")
	}
}
