// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

// idleWorld returns WorldOfAllBindings with workloads without pods in the namespace without
// labels, bound by a revision, a tag or the default, and some that are not bound.
func idleWorld() mesh.World {
	w := plantest.WorldOfAllBindings()
	for name, labels := range map[string]map[string]string{"q-revision": {mesh.RevisionLabel: "1-29-1"}, "q-tag": {mesh.RevisionLabel: "prod"},
		"q-inject": {mesh.SidecarLabel: "true"}, "q-off": {mesh.RevisionLabel: "1-29-1", mesh.SidecarLabel: "false"}} {
		for _, kind := range []mesh.Kind{mesh.CronJob, mesh.Deployment, mesh.StatefulSet} {
			wl := plantest.Workload(kind, "own", name, 0)
			wl.Template.Labels = labels
			w.Workloads = append(w.Workloads, wl)
		}
	}
	w.Sort()
	return w
}

// A template without pods that its own label binds is labelled in its wave without a restart,
// so that its next pod gets the target. A rollback restores the label.
func TestIdleTemplatesAreLabelled(t *testing.T) {
	t.Parallel()
	w0 := idleWorld()
	target := plantest.Forward(t, w0, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	next := func(w mesh.World, revision string) {
		for _, wl := range w.WorkloadsIn("own") {
			ns, _ := w.Namespace("own")
			want := []string{revision}
			if strings.HasSuffix(wl.Name, "off") || wl.Name == "bare" {
				want = nil
			}
			if by := w.Injectors(ns, wl.Template); !slices.Equal(by, want) {
				t.Errorf("injectors of the next pod of %s: got %v, want %v", wl.Ref(), by, want)
			}
		}
	}
	end, l, done := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, func(
		_ mesh.World, _ step.Ledger, _ []step.Stage, s step.Step,
	) {
		if s.Kind != step.LabelTemplate && strings.Contains(string(s.Subject), "/q-") {
			t.Errorf("workload without pods: got step %s, want a template label", s)
		}
	})
	next(end, "1-31-0")
	if n := len(slices.DeleteFunc(done, func(s step.Step) bool { return s.Kind != step.LabelTemplate })); n != 9 {
		t.Errorf("template labels: got %d, want 9", n)
	}
	if left := plan.Steps(end, target, l); left != nil {
		t.Errorf("steps at the end: got %v, want none", left)
	}
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
		l = plantest.Approve(w, back, l)
		end, _, _ := plantest.Run(t, w, back, l, -1, plantest.First, nil)
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
	}
}

// A workload whose pods a quota prevents has its template labelled in its wave and restored by a
// rollback. If its namespace is not moved, a note names it.
func TestTemplateWithoutQuotaIsLabelled(t *testing.T) {
	w0 := plantest.World()
	wl := plantest.Workload(mesh.Deployment, "free", "stuck", 0)
	wl.Replicas, wl.Rollout = 2, mesh.Rollout{Message: "ReplicaFailure: exceeded quota"}
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w0.Workloads = append(w0.Workloads, wl)
	w0.Sort()
	in := plantest.IntentForAll()
	target := plantest.Forward(t, w0, in, step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	w, l, done := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, plantest.First, nil)
	if got, _ := w.Workload(wl.Ref()); step.TemplateLabelOf(got) != "1-31-0" || len(plan.Steps(w, target, l)) > 0 {
		t.Errorf("template label: got %s, want 1-31-0; done: %v", binding.DescribeLabel(step.TemplateLabelOf(got)), done)
	}
	if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool { return n.Kind == step.NothingToVerify && n.Subject == string(wl.Ref()) }) {
		t.Errorf("notes: got %v, want one that nothing can be verified", planned.Notes)
	}
	back := plan.RollbackTarget(in, l, 0)
	w, _, _ = plantest.Run(t, w, back, plantest.Approve(w, back, l), -1, plantest.First, nil)
	if got, _ := w.Workload(wl.Ref()); step.TemplateLabelOf(got) != "1-29-1" {
		t.Errorf("template label after the rollback: got %s, want 1-29-1", binding.DescribeLabel(step.TemplateLabelOf(got)))
	}
	in.Namespaces = []string{"a"}
	if !slices.ContainsFunc(
		advice.Notes(w0, plantest.Forward(t, w0, in, step.Ledger{})),
		func(n step.Note) bool { return n.Kind == step.NotMoved && n.Subject == string(wl.Ref()) },
	) {
		t.Error("namespace that is not moved: got no note, want one")
	}
}

// A namespace with only such workloads is selected, and no longer once their templates are
// labelled.
func TestNamespaceOfOnlyACronJobIsMoved(t *testing.T) {
	w := plantest.World()
	job := plantest.Workload(mesh.CronJob, "free", "report", 0)
	job.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(w.Workloads, job)
	w.Sort()
	in := plantest.IntentForAll()
	target := plantest.Forward(t, w, in, step.Ledger{})
	if !slices.Contains(target.Namespaces(), "free") {
		t.Fatalf("selected namespaces: got %v, want free among them", target.Waves)
	}
	end, _, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if names := selection.Candidates(end, in); slices.Contains(names, "free") {
		t.Errorf("candidates after the move: got %v, want free not among them", names)
	}
}

func TestRenderTemplateLabel(t *testing.T) {
	for _, tc := range []struct{ subject, want string }{
		{"CronJob own/report", `{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}}}`},
		{"Deployment own/web", `{"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}`},
	} {
		changes, err := plan.Render(
			step.Step{Kind: step.LabelTemplate, Subject: step.Subject(tc.subject), TemplateLabel: "1-31-0"},
			step.Target{}, plantest.Noon,
		)
		if err != nil || len(changes) != 1 {
			t.Fatalf("changes: got %v, %v, want one", changes, err)
		}
		if diff := cmp.Diff(json.RawMessage(tc.want), changes[0].Patch); diff != "" {
			t.Errorf("patch of %s (-want +got):\n%s", tc.subject, diff)
		}
	}
}

// A template whose label cannot be changed is a blocker before anything moves. A tag that binds
// it stays.
func TestFixedTemplateLabelIsABlocker(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*mesh.Workload)
	}{
		{"its selector names the label", func(wl *mesh.Workload) { wl.SelectsRevision = true }},
		{"a Service selects by the label", func(wl *mesh.Workload) {
			wl.Services = []mesh.Service{
				{Name: "all", Selector: map[string]string{}},
				{Name: "prod", Selector: map[string]string{mesh.RevisionLabel: "prod"}},
			}
		}},
		{"a partition keeps pods", func(wl *mesh.Workload) {
			wl.Kind, wl.Rollout.OnDelete, wl.Rollout.Partition = mesh.StatefulSet, true, true
		}},
		{"its template is another's", func(wl *mesh.Workload) {
			wl.Kind, wl.APIVersion, wl.TemplateFrom = mesh.ArgoRollout, "argoproj.io/v1alpha1", "Deployment own/lender"
		}},
		{"nobody knows where its template is", func(wl *mesh.Workload) { wl.Kind = "Crew" }},
		{"and its lender wants pods and has none", func(wl *mesh.Workload) {
			wl.Kind, wl.APIVersion, wl.TemplateFrom, wl.Pods = mesh.ArgoRollout, "argoproj.io/v1alpha1", "Deployment own/lender", nil
		}},
		{"and it has no pods, but such a name", func(wl *mesh.Workload) { wl.SelectsRevision, wl.Replicas, wl.Pods = true, 0, nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := withWorkload(func(_ *mesh.World, wl *mesh.Workload) {
				wl.Template.Labels = map[string]string{mesh.RevisionLabel: "prod"}
				tc.change(wl)
			}, "own")
			in := plantest.IntentForAll()
			in.Policy.Rules = []step.Rule{{Kind: "Crew", Strategy: step.ByEviction}}
			target := plantest.Forward(t, w, in, step.Ledger{})
			planned := plan.Make(w, target, step.Ledger{})
			for _, s := range step.Flat(planned.Stages) {
				if strings.HasSuffix(string(s.Subject), "own/extra") || s.Kind == step.Tag && s.Subject == "prod" {
					t.Errorf("got step %s, want none", s)
				}
			}
			if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool {
				return n.Kind == step.Blocker && strings.HasSuffix(n.Subject, "own/extra") && n.Remedy != ""
			}) {
				t.Errorf("notes: got %v, want a blocker that names it", planned.Notes)
			}
		})
	}
}

// A template label that the run has set is restored even if a later rule leaves the workload.
// A label that another tool has set on a workload with such a rule from the start stays.
func TestLaterLeaveRestoresTemplateLabel(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{true, false} {
		for _, key := range []string{"CronJob own/q-tag", "Deployment own/q-tag", "StatefulSet own/q-inject", "Deployment own/by-tag"} {
			w0 := idleWorld()
			was, _ := w0.Workload(mesh.WorkloadRef(key))
			free, in := plantest.IntentForAll(), plantest.IntentForAll()
			in.Policy.Rules = []step.Rule{{Kind: was.Kind, Namespace: "own", Strategy: step.Leave}}
			if !late {
				free = in
			}
			target := plantest.Forward(t, w0, free, step.Ledger{})
			end, l, _ := plantest.Run(t, w0, target, plantest.NewLedger(w0, target), -1, plantest.First, nil)
			want := step.TemplateLabelOf(was)
			if !late {
				binding.SimulateTemplateLabel(&end, step.Step{Subject: step.Subject(key), TemplateLabel: "1-31-0"})
				want = "1-31-0"
			}
			target = plantest.Forward(t, end, in, l)
			l = plantest.Approve(end, target, l)
			back := plan.RollbackTarget(in, l, 0)
			l = plantest.Approve(end, back, l)
			restored, _, _ := plantest.Run(t, end, plan.RollbackTarget(in, l, 0), l, -1, plantest.First, nil)
			if wl, _ := restored.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != want {
				t.Errorf(
					"late %t: %s comes back with %s, not with %s", late, key, binding.DescribeLabel(step.TemplateLabelOf(wl)),
					binding.DescribeLabel(want),
				)
			}
		}
	}
}
