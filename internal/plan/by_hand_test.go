// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// movedEarlier is the mesh of sixWays with namespace a bound to the new revision; its
// workloads were restarted there by run, "" for none.
func movedEarlier(t *testing.T, run string, restart bool) mesh.World {
	t.Helper()
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	binding.SimulateLabels(&w, step.Step{Subject: "a", To: mesh.Pinned("1-31-0").String()})
	if !restart {
		return w
	}
	for _, wl := range w.In("a") {
		strategy.SimulateRestart(&w, step.Target{Run: run}, step.Step{Subject: step.Subject(wl.Ref())}, noon)
	}
	return w
}

// noteOf is what is noted of namespace a having been on the revision before.
func noteOf(notes []step.Note) step.Note {
	for _, n := range notes {
		if n.Subject == "a" && (n.Kind == step.MovedBefore || n.Kind == step.MovedByRun) {
			return n
		}
	}
	return step.Note{}
}

// What was on the revision before the run began is named as what it is: moved by
// other hands, by another run, or by its label alone.
func TestWhatWasMovedBeforeIsNamed(t *testing.T) {
	again := movedEarlier(t, "t2", true)
	for i, wl := range again.Workloads {
		if wl.Namespace == "a" {
			again.Workloads[i].Template.Annotations = map[string]string{
				"kubectl.kubernetes.io/restartedAt": noon.AddDate(0, 0, 1).Format("2006-01-02T15:04:05Z07:00"),
			}
		}
	}
	for name, c := range map[string]struct {
		w      mesh.World
		from   string
		kind   step.NoteKind
		clears string
	}{
		"by hands":                {movedEarlier(t, "", true), "", step.MovedBefore, "--from REVISION"},
		"by hands, and taken up":  {movedEarlier(t, "", true), "1-29-1", step.MovedBefore, ""},
		"by a run":                {movedEarlier(t, "t2", true), "", step.MovedByRun, "`rerig rollback t2`"},
		"by hands after a run":    {again, "", step.MovedBefore, "--from REVISION"},
		"by its label alone":      {movedEarlier(t, "", false), "", step.MovedBefore, "--from 1-29-1"},
		"by its label, taken up":  {movedEarlier(t, "", false), "1-29-1", step.MovedBefore, ""},
		"not at all":              {withRevision(sixWays(), "1-31-0", "1.31.0"), "", "", ""},
		"not at all, with a from": {withRevision(sixWays(), "1-31-0", "1.31.0"), "1-29-1", "", ""},
	} {
		in := allOf()
		in.From = c.from
		n := noteOf(advice.Notes(c.w, forward(t, c.w, in, step.Ledger{})))
		if n.Kind != c.kind || !strings.Contains(n.Remedy, c.clears) || (n.Remedy == "") != (c.clears == "") {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// A restart that no rollback takes back is said to be one from the first plan to the
// way back.
func TestALabelThatWasThereBeforeStaysOnTheWayBack(t *testing.T) {
	w := movedEarlier(t, "", false)
	in := allOf()
	target := forward(t, w, in, step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if n := noteOf(advice.Notes(end, forward(t, end, in, l))); n.Kind != step.MovedBefore || !strings.Contains(n.Text, "were on 1-29-1") {
		t.Errorf("once it is done: %+v", n)
	}
	in.Rollback = true
	if n := noteOf(advice.Notes(end, RollbackTarget(in, l, 0))); n.Kind != step.MovedBefore || n.Remedy != "" ||
		!strings.Contains(n.Text, "a rollback restores that label") {
		t.Errorf("on the way back: %+v", n)
	}
}

// What is no part of the run is named on its way back as well, without a flag that a
// rollback does not have; the other run's own way back is named all the same.
func TestTheWayBackAsksForNoFrom(t *testing.T) {
	for run, clears := range map[string]string{"": "", "t2": "what that run moved is rolled back by `rerig rollback t2`"} {
		w := movedEarlier(t, run, true)
		in := allOf()
		target := forward(t, w, in, step.Ledger{})
		end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
		in.Rollback = true
		if n := noteOf(advice.Notes(end, RollbackTarget(in, l, 0))); n.Text == "" || n.Remedy != clears {
			t.Errorf("of run %q: %+v", run, n)
		}
	}
}

// What a run has moved itself was not begun by other hands.
func TestARunsOwnMovesAreNotOfOtherHands(t *testing.T) {
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	in := allOf()
	in.From = "1-29-1"
	target := forward(t, w, in, step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if n := noteOf(advice.Notes(end, forward(t, end, in, l))); n.Kind != "" {
		t.Errorf("%+v", n)
	}
}

// From where other hands began is one of the revisions that are there, and another
// one than the target. A run that bears the word already goes on without it.
func TestFromIsARevisionThatIsThere(t *testing.T) {
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	for from, says := range map[string]string{
		"":       "",
		"1-29-1": "",
		"1-28-0": "has 1-29-1, 1-31-0",
		"1-31-0": "is the target revision",
		"prod":   "does not exist",
	} {
		in := allOf()
		in.From = from
		_, err := ForwardTarget(w, in, step.Ledger{})
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("--from %q: %v", from, err)
		}
		if _, err := ForwardTarget(w, in, step.Ledger{Waves: [][]string{{"a"}}}); err != nil {
			t.Errorf("--from %q on record: %v", from, err)
		}
	}
}

// What a tag, or the default, leads to the revision already needs no label of its
// own: it keeps the one that it has, forth and back; its pods are moved all the same.
func TestATagThatWasMovedBeforeKeepsItsNamespacesLabels(t *testing.T) {
	for name, c := range map[string]struct {
		from     string
		labels   step.LabelMode
		explicit bool
	}{
		"as it is":               {},
		"explicit, as requested": {labels: step.ExplicitLabels, explicit: true},
		"begun by hand":          {from: "1-29-1", explicit: true},
	} {
		w := withRevision(sixWays(), "1-31-0", "1.31.0")
		binding.SimulateTag(&w, step.Step{Subject: "prod", To: "1-31-0"})
		binding.SimulateTag(&w, step.Step{Subject: "default", To: "1-31-0"})
		in := allOf()
		in.From, in.Labels = c.from, c.labels
		target := forward(t, w, in, step.Ledger{})
		begun := NewLedger(Make(w, target, step.Ledger{}), noon)
		end, _, done := carry(t, w, target, begun, -1, first, nil)
		for _, ns := range []string{"a", "c"} {
			was, _ := w.Namespace(ns)
			is, _ := end.Namespace(ns)
			want, returned := was.Binding(), was.Binding()
			if c.explicit {
				want = mesh.Pinned("1-31-0")
			}
			if c.from != "" {
				returned = mesh.Pinned(c.from)
			}
			if is.Binding() != want {
				t.Errorf("%s: %s was %s, ends as %s", name, ns, was.Binding(), is.Binding())
			}
			for n := range len(done) + 1 {
				there, l, _ := carry(t, w, target, begun, n, first, nil)
				back, _, _ := carry(t, there, RollbackTarget(in, l, 0), l, -1, first, nil)
				if is, _ = back.Namespace(ns); is.Binding() != returned {
					t.Errorf("%s: %s was %s, comes back after %d steps as %s", name, ns, was.Binding(), n, is.Binding())
				}
			}
			for _, wl := range end.In(ns) {
				if !wl.Gateway && wl.Injected() && !slices.Equal(wl.Sidecars(), []string{"1-31-0"}) {
					t.Errorf("%s: %s ends on %v", name, wl.Ref(), wl.Sidecars())
				}
			}
			said := slices.ContainsFunc(advice.Notes(w, target), func(n step.Note) bool {
				return n.Kind == step.ByTag && n.Subject == ns && strings.Contains(n.Text, ": its label is not changed")
			})
			if said == c.explicit {
				t.Errorf("%s: that the label of %s stays is said: %t", name, ns, said)
			}
		}
	}
}

// What other hands moved by the pods' own labels, in a namespace without labels, is
// named, and is taken up with --from: all of it, or a part.
func TestWhatWasMovedByItsOwnLabelsIsTakenUp(t *testing.T) {
	for _, all := range []bool{true, false} {
		w := withRevision(sixWays(), "1-31-0", "1.31.0")
		for i, wl := range w.Workloads {
			if wl.Namespace == "own" && wl.Injected() && (all || wl.Name == "by-revision") {
				w.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
				w.Workloads[i].Pods = slices.Clone(wl.Pods)
				for j := range wl.Pods {
					w.Workloads[i].Pods[j].Sidecar.Revision = "1-31-0"
				}
			}
		}
		for from, says := range map[string]string{"": "leaves them there", "1-29-1": "are rolled back to 1-29-1"} {
			in := allOf()
			in.From = from
			target := forward(t, w, in, step.Ledger{})
			p := Make(w, target, step.Ledger{})
			i := slices.IndexFunc(p.Notes, func(n step.Note) bool { return n.Kind == step.MovedBefore && n.Subject == "own" })
			if i < 0 || !strings.Contains(p.Notes[i].Text, says) || !strings.Contains(p.Notes[i].Evidence, "Deployment own/by-revision") ||
				(p.Notes[i].Remedy == "") != (from != "") {
				t.Errorf("all %t, --from %q: %v", all, from, p.Notes)
			}
			end, l, _ := carry(t, w, target, NewLedger(p, noon), -1, first, nil)
			back := RollbackTarget(in, l, 0)
			home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
			want := map[string]string{"": "1-31-0", "1-29-1": "1-29-1"}[from]
			if wl, _ := home.Workload("Deployment own/by-revision"); step.TemplateLabelOf(wl) != want ||
				!slices.Equal(wl.Sidecars(), []string{want}) {
				t.Errorf("all %t, --from %q: it comes back with %s on %v", all, from, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
			}
		}
		in := allOf()
		in.Namespaces, in.From = []string{"own"}, "1-29-1"
		if got := forward(t, w, in, step.Ledger{}).Namespaces(); !slices.Equal(got, []string{"own"}) {
			t.Errorf("all %t, named: %v", all, got)
		}
	}
}
