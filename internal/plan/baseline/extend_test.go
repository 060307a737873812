// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A template label that was added after the run began is moved, and restored by a rollback.
func TestExtendFindsNewTemplateLabels(t *testing.T) {
	t.Parallel()
	w := plantest.WorldOfAllBindings()
	_, l, _ := plantest.Run(
		t, w,
		plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}),
		plan.NewLedger(
			plan.Make(w, plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}), step.Ledger{}), plantest.Noon,
		), 2, plantest.First, nil,
	)
	late := plantest.Workload(mesh.CronJob, "own", "late", 0)
	late.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(slices.Clone(w.Workloads), late)
	w.Sort()
	if l = baseline.Extend(w, plantest.IntentForAll(), l); l.Baseline.TemplateLabels[late.Ref()] != "1-29-1" ||
		l.Baseline.Revisions[step.BoundWorkload(late.Ref())] != "1-29-1" {
		t.Fatalf("template labels of the baseline: got %v, want 1-29-1 for %s", l.Baseline.TemplateLabels, late.Ref())
	}
	target := plantest.Forward(t, w, plantest.IntentForAll(), l)
	end, l, _ := plantest.Run(t, w, target, plantest.Approve(w, target, l), -1, plantest.First, nil)
	if wl, _ := end.Workload(late.Ref()); wl.Template.Labels[mesh.RevisionLabel] != "1-31-0" {
		t.Errorf("template labels after the upgrade: got %v, want 1-31-0", wl.Template.Labels)
	}
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	if wl, _ := restored.Workload(late.Ref()); wl.Template.Labels[mesh.RevisionLabel] != "1-29-1" {
		t.Errorf("template labels after the rollback: got %v, want 1-29-1", wl.Template.Labels)
	}
}

// A workload created after its tag moved is on the target already: its template is not labelled,
// and a rollback leaves no label of the run. Its old pods, if any, are re-created.
func TestWorkloadAfterItsTagIsNotLabelled(t *testing.T) {
	t.Parallel()
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	end.Workloads = slices.Clone(end.Workloads)
	for name, labels := range map[string]map[string]string{
		"late-inject": {mesh.SidecarLabel: "true"},
		"late-tag":    {mesh.RevisionLabel: "prod"},
	} {
		for _, kind := range []mesh.Kind{mesh.CronJob, mesh.Deployment} {
			wl := plantest.Workload(kind, "own", name, 0)
			wl.Template.Labels = labels
			end.Workloads = append(end.Workloads, wl)
		}
	}
	old := plantest.Workload(mesh.Deployment, "own", "late-pods", 1)
	old.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
	with := plantest.Clone(end)
	with.Workloads = append(slices.Clone(end.Workloads), old)
	end.Sort()
	with.Sort()
	l = baseline.WithNewcomers(end, plantest.IntentForAll(), baseline.Extend(end, plantest.IntentForAll(), l))
	target = plantest.Forward(t, end, plantest.IntentForAll(), l)
	if left := step.Flat(plan.Steps(end, target, l)); len(left) > 0 {
		t.Errorf("steps: got %v, want none", left)
	}
	l = plantest.Approve(end, target, l)
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	for _, wl := range restored.WorkloadsIn("own") {
		if strings.HasPrefix(wl.Name, "late") && step.TemplateLabelOf(wl) == "1-31-0" {
			t.Errorf(
				"template label of %s after the rollback: got %s, want none of 1-31-0", wl.Ref(),
				binding.DescribeLabel(step.TemplateLabelOf(wl)),
			)
		}
	}
	changes := step.Changing(plan.Steps(with, plantest.Forward(t, with, plantest.IntentForAll(), l), l))
	if len(changes) != 1 || changes[0].Kind != step.Restart || changes[0].Workload() != old.Ref() || changes[0].TemplateLabel != "" {
		t.Errorf("steps with old pods: got %v, want one restart without a label", changes)
	}
}

// If the removal is requested after the upgrade, an unused tag is moved then.
func TestLaterRemovalMovesUnusedTags(t *testing.T) {
	t.Parallel()
	w, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	w.Tags = append(slices.Clone(w.Tags), mesh.Tag{Name: "spare", Revision: "1-29-1", Service: "1-29-1"})
	w.Sort()
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if again := baseline.Extend(end, in, l); slices.Contains(again.Baseline.MovedTags, "spare") {
		t.Error("tag spare without a removal: got moved, want it to stay")
	}
	in.Remove = true
	l = baseline.Extend(end, in, l)
	if !slices.Contains(l.Baseline.MovedTags, "spare") || l.Baseline.Tags["spare"] != "1-29-1" {
		t.Errorf("got moved tags %v, recorded at %v, want spare at 1-29-1", l.Baseline.MovedTags, l.Baseline.Tags)
	}
}

// A tag that stayed for bystanders is moved by the same run once they name their revision, as
// the plan advised, and restored by its rollback. It is not moved if tags are kept, or if
// another tool or person has moved or removed it.
func TestTagMovesOnceBystandersAreUnbound(t *testing.T) {
	w, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	in.Namespaces = []string{"c"}
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if again := baseline.Extend(end, in, l); len(again.Baseline.MovedTags) > 0 {
		t.Fatalf("moved tags: got %v, want none, because prod binds own/by-tag", again.Baseline.MovedTags)
	}
	end = plantest.Clone(end)
	for i, wl := range end.Workloads {
		if wl.Ref() == "Deployment own/by-tag" {
			end.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
		}
	}
	movedByOther := plantest.Clone(end)
	binding.SimulateTag(&movedByOther, step.Step{Kind: step.Tag, Subject: "prod", To: "1-31-0"})
	keepTags := in
	keepTags.Tags = step.KeepTags
	for _, c := range []struct {
		name     string
		w        mesh.World
		in       step.Intent
		wantText string
	}{
		{name: "tags kept", w: end, in: keepTags, wantText: "as requested"},
		{name: "moved by another tool", w: movedByOther, in: in, wantText: "another tool or person moved or removed it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			again := baseline.Extend(c.w, c.in, l)
			notes := advice.Notes(c.w, plantest.Forward(t, c.w, c.in, again))
			if len(again.Baseline.MovedTags) > 0 || !slices.ContainsFunc(
				notes,
				func(n step.Note) bool { return n.Kind == step.TagStays && strings.Contains(n.Text, c.wantText) },
			) {
				t.Errorf("got moved tags %v and notes %v, want no tag and a note with %q", again.Baseline.MovedTags, notes, c.wantText)
			}
		})
	}
	l = baseline.Extend(end, in, l)
	target = plantest.Forward(t, end, in, l)
	upgraded, l, done := plantest.Run(t, end, target, plantest.Approve(end, target, l), -1, plantest.First, nil)
	ns, _ := upgraded.Namespace("c")
	if at := upgraded.TagRevisions("prod"); !slices.Equal(at, []string{"1-31-0"}) || ns.Binding().String() != "istio.io/rev=prod" {
		t.Errorf("got prod at %v and c with %s after %v, want 1-31-0 and istio.io/rev=prod", at, ns.Binding(), done)
	}
	back := plan.RollbackTarget(in, l, 0)
	restored, _, _ := plantest.Run(t, upgraded, back, plantest.Approve(upgraded, back, l), -1, plantest.First, nil)
	if at := restored.TagRevisions("prod"); !slices.Equal(at, []string{"1-29-1"}) {
		t.Errorf("tag prod after the rollback: got %v, want 1-29-1", at)
	}
	for _, wl := range restored.WorkloadsIn("c") {
		if !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
			t.Errorf("%s after the rollback: got sidecars of %v, want 1-29-1", wl.Ref(), wl.Sidecars())
		}
	}
}

// A record of an older version has only the sidecars of workloads with labels of their own. A
// rollback restores them.
func TestRollbackOfAnOlderRecord(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	for key := range l.Baseline.TemplateLabels {
		delete(l.Baseline.Revisions, step.BoundWorkload(key))
	}
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	for key := range l.Baseline.TemplateLabels {
		before, _ := w.Workload(key)
		if after, _ := restored.Workload(key); !slices.Equal(after.Sidecars(), before.Sidecars()) {
			t.Errorf("%s: got sidecars of %v, want %v", key, after.Sidecars(), before.Sidecars())
		}
	}
}
