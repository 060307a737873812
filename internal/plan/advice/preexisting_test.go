// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// movedBefore returns WorldOfAllBindings with namespace a bound to the new revision, and its
// workloads restarted there by the run, "" for a person.
func movedBefore(t *testing.T, run string, restart bool) mesh.World {
	t.Helper()
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	binding.SimulateLabels(&w, step.Step{Subject: "a", To: mesh.BindingTo("1-31-0").String()})
	if !restart {
		return w
	}
	for _, wl := range w.WorkloadsIn("a") {
		strategy.SimulateRestart(&w, step.Target{Run: run}, step.Step{Subject: step.Subject(wl.Ref())}, plantest.Noon)
	}
	return w
}

// movedBeforeNote returns the note that namespace a was on the revision before the run.
func movedBeforeNote(notes []step.Note) step.Note {
	for _, n := range notes {
		if n.Subject == "a" && (n.Kind == step.MovedBefore || n.Kind == step.MovedByRun) {
			return n
		}
	}
	return step.Note{}
}

// A move before the run began is named: by a person, by another run, or of the label alone.
func TestNotesNameEarlierMoves(t *testing.T) {
	again := movedBefore(t, "t2", true)
	for i, wl := range again.Workloads {
		if wl.Namespace == "a" {
			again.Workloads[i].Template.Annotations = map[string]string{
				"kubectl.kubernetes.io/restartedAt": plantest.Noon.AddDate(0, 0, 1).Format("2006-01-02T15:04:05Z07:00"),
			}
		}
	}
	for _, c := range []struct {
		name   string
		w      mesh.World
		from   string
		kind   step.NoteKind
		remedy string
	}{
		{name: "by a person", w: movedBefore(t, "", true), kind: step.MovedBefore, remedy: "--from REVISION"},
		{name: "by a person, with From", w: movedBefore(t, "", true), from: "1-29-1", kind: step.MovedBefore},
		{name: "by another run", w: movedBefore(t, "t2", true), kind: step.MovedByRun, remedy: "`rerig rollback t2`"},
		{name: "by a person after another run", w: again, kind: step.MovedBefore, remedy: "--from REVISION"},
		{name: "label only", w: movedBefore(t, "", false), kind: step.MovedBefore, remedy: "--from 1-29-1"},
		{name: "label only, with From", w: movedBefore(t, "", false), from: "1-29-1", kind: step.MovedBefore},
		{name: "not moved", w: plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")},
		{name: "not moved, with From", w: plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0"), from: "1-29-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := plantest.IntentForAll()
			in.From = c.from
			n := movedBeforeNote(advice.Notes(c.w, plantest.Forward(t, c.w, in, step.Ledger{})))
			if n.Kind != c.kind || !strings.Contains(n.Remedy, c.remedy) || (n.Remedy == "") != (c.remedy == "") {
				t.Errorf("note: got %+v, want kind %q and remedy %q", n, c.kind, c.remedy)
			}
		})
	}
}

// A label that was changed before the run is part of the baseline. The plan and the rollback note it.
func TestRollbackKeepsEarlierLabels(t *testing.T) {
	w := movedBefore(t, "", false)
	in := plantest.IntentForAll()
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if n := movedBeforeNote(advice.Notes(end, plantest.Forward(t, end, in, l))); n.Kind != step.MovedBefore ||
		!strings.Contains(n.Text, "were on 1-29-1") {
		t.Errorf("note at the end of the upgrade: got %+v, want MovedBefore", n)
	}
	in.Rollback = true
	if n := movedBeforeNote(advice.Notes(end, plan.RollbackTarget(in, l, 0))); n.Kind != step.MovedBefore || n.Remedy != "" ||
		!strings.Contains(n.Text, "a rollback restores that label") {
		t.Errorf("note in the rollback: got %+v, want MovedBefore without a remedy", n)
	}
}

// A rollback names earlier moves too, without advising a flag that it does not have. It names
// the rollback of another run.
func TestRollbackNotesSuggestNoFrom(t *testing.T) {
	for _, tc := range []struct{ run, remedy string }{{"", ""}, {"t2", "what that run moved is rolled back by `rerig rollback t2`"}} {
		w := movedBefore(t, tc.run, true)
		in := plantest.IntentForAll()
		target := plantest.Forward(t, w, in, step.Ledger{})
		end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
		in.Rollback = true
		if n := movedBeforeNote(advice.Notes(end, plan.RollbackTarget(in, l, 0))); n.Text == "" || n.Remedy != tc.remedy {
			t.Errorf("note on run %q: got %+v, want remedy %q", tc.run, n, tc.remedy)
		}
	}
}

// The run's own moves are not reported as earlier moves.
func TestOwnMovesAreNotEarlierMoves(t *testing.T) {
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	in := plantest.IntentForAll()
	in.From = "1-29-1"
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if n := movedBeforeNote(advice.Notes(end, plantest.Forward(t, end, in, l))); n.Kind != "" {
		t.Errorf("note: got %+v, want none", n)
	}
}

// Workloads moved by their own labels before the run, in a namespace without labels, are named.
// With From, the run takes them up, all or some.
func TestFromCoversTemplateLabels(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{true, false} {
		w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
		for i, wl := range w.Workloads {
			if wl.Namespace == "own" && wl.Injected() && (all || wl.Name == "by-revision") {
				w.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
				w.Workloads[i].Pods = slices.Clone(wl.Pods)
				for j := range wl.Pods {
					w.Workloads[i].Pods[j].Sidecar.Revision = "1-31-0"
				}
			}
		}
		for _, tc := range []struct{ from, wantText string }{{"", "leaves them there"}, {"1-29-1", "are rolled back to 1-29-1"}} {
			in := plantest.IntentForAll()
			in.From = tc.from
			target := plantest.Forward(t, w, in, step.Ledger{})
			p := plan.Make(w, target, step.Ledger{})
			i := slices.IndexFunc(p.Notes, func(n step.Note) bool { return n.Kind == step.MovedBefore && n.Subject == "own" })
			if i < 0 || !strings.Contains(p.Notes[i].Text, tc.wantText) || !strings.Contains(p.Notes[i].Evidence, "Deployment own/by-revision") ||
				(p.Notes[i].Remedy == "") != (tc.from != "") {
				t.Errorf("all %t, --from %q: got notes %v, want %q", all, tc.from, p.Notes, tc.wantText)
			}
			end, l, _ := plantest.Run(t, w, target, plan.NewLedger(p, plantest.Noon), -1, plantest.First, nil)
			back := plan.RollbackTarget(in, l, 0)
			restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
			want := map[string]string{"": "1-31-0", "1-29-1": "1-29-1"}[tc.from]
			if wl, _ := restored.Workload("Deployment own/by-revision"); step.TemplateLabelOf(wl) != want ||
				!slices.Equal(wl.Sidecars(), []string{want}) {
				t.Errorf("all %t, --from %q: got label %s and sidecars of %v, want %s",
					all, tc.from, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars(), want)
			}
		}
		in := plantest.IntentForAll()
		in.Namespaces, in.From = []string{"own"}, "1-29-1"
		if got := plantest.Forward(t, w, in, step.Ledger{}).Namespaces(); !slices.Equal(got, []string{"own"}) {
			t.Errorf("all %t, selected namespaces: got %v, want own", all, got)
		}
	}
}
