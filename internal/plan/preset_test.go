// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

// quiet is sixWays, and in the namespace without labels what has no pods now,
// bound through the revision, a tag and the default, and what is not bound.
func quiet() mesh.World {
	w := sixWays()
	for name, labels := range map[string]map[string]string{"q-revision": {mesh.RevisionLabel: "1-29-1"}, "q-tag": {mesh.RevisionLabel: "prod"},
		"q-inject": {mesh.SidecarLabel: "true"}, "q-off": {mesh.RevisionLabel: "1-29-1", mesh.SidecarLabel: "false"}} {
		for _, kind := range []mesh.Kind{mesh.CronJob, mesh.Deployment, mesh.StatefulSet} {
			wl := workload(kind, "own", name, 0)
			wl.Template.Labels = labels
			w.Workloads = append(w.Workloads, wl)
		}
	}
	w.Sort()
	return w
}

// What has no pods now and is bound by its own label is pinned in its wave, with no
// restart, so that its next pod is not of the old revision; and it comes back.
func TestTheNextPodOfWhatHasNoneIsOfTheTarget(t *testing.T) {
	w0 := quiet()
	target := forward(t, w0, allOf(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	next := func(w mesh.World, revision string) {
		for _, wl := range w.In("own") {
			ns, _ := w.Namespace("own")
			want := []string{revision}
			if strings.HasSuffix(wl.Name, "off") || wl.Name == "bare" {
				want = nil
			}
			if by := w.Injectors(ns, wl.Template); !slices.Equal(by, want) {
				t.Errorf("the next pod of %s is injected by %v, not by %v", wl.Ref(), by, want)
			}
		}
	}
	end, l, done := carry(t, w0, target, NewLedger(plan, noon), -1, first, func(_ mesh.World, _ step.Ledger, _ []step.Stage, s step.Step) {
		if s.Kind != step.LabelTemplate && strings.Contains(string(s.Subject), "/q-") {
			t.Errorf("%s", s)
		}
	})
	next(end, "1-31-0")
	if n := len(slices.DeleteFunc(done, func(s step.Step) bool { return s.Kind != step.LabelTemplate })); n != 9 {
		t.Errorf("%d templates were pinned, not 9", n)
	}
	if left := Steps(end, target, l); left != nil {
		t.Errorf("at the end there is left: %v", left)
	}
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(allOf(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, _, _ := carry(t, w, back, l, -1, first, nil)
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
	}
}

// What wants pods and has none now, since quota lets none be made, is pinned in its
// wave and comes back; in a namespace that is not moved it is named.
func TestWhatCanHaveNoPodsNowIsPinnedToo(t *testing.T) {
	w0 := start()
	wl := workload(mesh.Deployment, "free", "stuck", 0)
	wl.Replicas, wl.Rollout = 2, mesh.Rollout{Message: "ReplicaFailure: exceeded quota"}
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w0.Workloads = append(w0.Workloads, wl)
	w0.Sort()
	in := allOf()
	target := forward(t, w0, in, step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	w, l, done := carry(t, w0, target, NewLedger(plan, noon), -1, first, nil)
	if got, _ := w.Workload(wl.Ref()); step.TemplateLabelOf(got) != "1-31-0" || len(Steps(w, target, l)) > 0 {
		t.Errorf("it ends with %s; done: %v", binding.DescribeLabel(step.TemplateLabelOf(got)), done)
	}
	if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool { return n.Kind == step.NothingToVerify && n.Subject == string(wl.Ref()) }) {
		t.Errorf("nothing is said of it: %v", plan.Notes)
	}
	back := RollbackTarget(in, l, 0)
	w, _, _ = carry(t, w, back, Approve(l, Make(w, back, l), noon), -1, first, nil)
	if got, _ := w.Workload(wl.Ref()); step.TemplateLabelOf(got) != "1-29-1" {
		t.Errorf("taken back, it ends with %s", binding.DescribeLabel(step.TemplateLabelOf(got)))
	}
	in.Namespaces = []string{"a"}
	if !slices.ContainsFunc(
		advice.Notes(w0, forward(t, w0, in, step.Ledger{})),
		func(n step.Note) bool { return n.Kind == step.NotMoved && n.Subject == string(wl.Ref()) },
	) {
		t.Error("its namespace is not moved, and nothing is said of it")
	}
}

// A namespace that holds nothing but such workloads is found, and is done once
// they are pinned.
func TestANamespaceOfNothingButACronJobIsMoved(t *testing.T) {
	w := start()
	job := workload(mesh.CronJob, "free", "report", 0)
	job.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(w.Workloads, job)
	w.Sort()
	in := allOf()
	target := forward(t, w, in, step.Ledger{})
	if !slices.Contains(target.Namespaces(), "free") {
		t.Fatalf("selected %v", target.Waves)
	}
	end, _, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if names := selection.Candidates(end, in); slices.Contains(names, "free") {
		t.Errorf("moved, it is selected again: %v", names)
	}
}

func TestAPresetIsTheLabelAlone(t *testing.T) {
	for subject, want := range map[string]string{
		"CronJob own/report": `{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}}}`,
		"Deployment own/web": `{"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}`,
	} {
		changes, err := Render(step.Step{Kind: step.LabelTemplate, Subject: step.Subject(subject), TemplateLabel: "1-31-0"}, step.Target{}, noon)
		if err != nil || len(changes) != 1 {
			t.Fatal(changes, err)
		}
		if diff := cmp.Diff(json.RawMessage(want), changes[0].Patch); diff != "" {
			t.Errorf("%s (-want +got):\n%s", subject, diff)
		}
	}
}

// A template whose label cannot be written is a blocker before anything moves, and
// a tag that binds it stays.
func TestATemplateThatCannotBePinnedIsABlocker(t *testing.T) {
	for name, change := range map[string]func(*mesh.Workload){
		"its selector names the label": func(wl *mesh.Workload) { wl.SelectsRevision = true },
		"a Service selects by the label": func(wl *mesh.Workload) {
			wl.Services = []mesh.Service{
				{Name: "all", Selector: map[string]string{}},
				{Name: "prod", Selector: map[string]string{mesh.RevisionLabel: "prod"}},
			}
		},
		"a partition keeps pods": func(wl *mesh.Workload) {
			wl.Kind, wl.Rollout.OnDelete, wl.Rollout.Partition = mesh.StatefulSet, true, true
		},
		"its template is another's": func(wl *mesh.Workload) {
			wl.Kind, wl.API, wl.TemplateFrom = mesh.ArgoRollout, "argoproj.io/v1alpha1", "Deployment own/lender"
		},
		"nobody knows where its template is": func(wl *mesh.Workload) { wl.Kind = "Crew" },
		"and its lender wants pods and has none": func(wl *mesh.Workload) {
			wl.Kind, wl.API, wl.TemplateFrom, wl.Pods = mesh.ArgoRollout, "argoproj.io/v1alpha1", "Deployment own/lender", nil
		},
		"and it has no pods, but such a name": func(wl *mesh.Workload) { wl.SelectsRevision, wl.Replicas, wl.Pods = true, 0, nil },
	} {
		w := bystander(func(_ *mesh.World, wl *mesh.Workload) {
			wl.Template.Labels = map[string]string{mesh.RevisionLabel: "prod"}
			change(wl)
		}, "own")
		in := allOf()
		in.Policy.Rules = []step.Rule{{Kind: "Crew", Strategy: step.ByEviction}}
		target := forward(t, w, in, step.Ledger{})
		plan := Make(w, target, step.Ledger{})
		for _, s := range step.Flat(plan.Stages) {
			if strings.HasSuffix(string(s.Subject), "own/extra") || s.Kind == step.Tag && s.Subject == "prod" {
				t.Errorf("%s: %s", name, s)
			}
		}
		if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool {
			return n.Kind == step.Blocker && strings.HasSuffix(n.Subject, "own/extra") && n.Remedy != ""
		}) {
			t.Errorf("%s: no blocker names it", name)
		}
	}
}

// A template that the run pinned without a restart is given its label back, also
// where a later rule leaves it as it is; one that such a rule left from the
// beginning, and that other hands pinned, stays.
func TestAPresetThatALaterRuleLeavesIsGivenBack(t *testing.T) {
	for _, late := range []bool{true, false} {
		for _, key := range []string{"CronJob own/q-tag", "Deployment own/q-tag", "StatefulSet own/q-inject", "Deployment own/by-tag"} {
			w0 := quiet()
			was, _ := w0.Workload(mesh.WorkloadRef(key))
			free, in := allOf(), allOf()
			in.Policy.Rules = []step.Rule{{Kind: was.Kind, Namespace: "own", Strategy: step.Leave}}
			if !late {
				free = in
			}
			target := forward(t, w0, free, step.Ledger{})
			end, l, _ := carry(t, w0, target, NewLedger(Make(w0, target, step.Ledger{}), noon), -1, first, nil)
			want := step.TemplateLabelOf(was)
			if !late {
				binding.SimulateTemplateLabel(&end, step.Step{Subject: step.Subject(key), TemplateLabel: "1-31-0"})
				want = "1-31-0"
			}
			target = forward(t, end, in, l)
			l = Approve(l, Make(end, target, l), noon)
			back := RollbackTarget(in, l, 0)
			l = Approve(l, Make(end, back, l), noon)
			home, _, _ := carry(t, end, RollbackTarget(in, l, 0), l, -1, first, nil)
			if wl, _ := home.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != want {
				t.Errorf(
					"late %t: %s comes back with %s, not with %s", late, key, binding.DescribeLabel(step.TemplateLabelOf(wl)),
					binding.DescribeLabel(want),
				)
			}
		}
	}
}
