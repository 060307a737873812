// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// ownLabelled returns WorldOfAllBindings with the target installed and one more workload that
// its template's own label binds.
func ownLabelled(kind mesh.Kind, change func(*mesh.Workload)) (mesh.World, string) {
	w := plantest.WorldOfAllBindings()
	wl := plantest.Workload(kind, "own", "extra", 2)
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	for i := range wl.Pods {
		wl.Pods[i].UID = wl.Pods[i].Name
	}
	if change != nil {
		change(&wl)
	}
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return plantest.WithRevision(w, "1-31-0", "1.31.0"), string(wl.Ref())
}

// labelledOnly returns the World after a run has labelled the template of a workload, and before
// its controller has reacted.
func labelledOnly(w mesh.World, key string, change func(*mesh.Workload)) mesh.World {
	w = plantest.Clone(w)
	binding.SimulateTemplateLabel(&w, step.Step{Subject: step.Subject(key), TemplateLabel: "1-31-0"})
	for i, wl := range w.Workloads {
		if string(wl.Ref()) == key {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			change(&w.Workloads[i])
		}
	}
	return w
}

// A template label is restored even if no pod has been created from the template yet, because
// the first eviction was refused or the first pod could not be created. The pods stay.
func TestTemplateLabelIsRestoredBeforeAnyPod(t *testing.T) {
	older := func(wl *mesh.Workload) {
		for i := range wl.Pods {
			wl.Pods[i].Current = false
		}
	}
	for _, c := range []struct {
		name string
		kind mesh.Kind
		left func(*mesh.Workload)
		want step.Kind
	}{
		{name: "eviction refused", kind: mesh.ReplicaSet, left: func(*mesh.Workload) {}, want: step.EvictPods},
		{name: "quota exceeded", kind: mesh.Deployment, left: func(wl *mesh.Workload) {
			older(wl)
			wl.RestartAnnotation, wl.Template.Hash = mesh.RestartAnnotation{Run: "to-1-31-0", At: plantest.Noon}, "t1"
			wl.Rollout = mesh.Rollout{Message: "ReplicaFailure: FailedCreate: exceeded quota"}
		}, want: step.Restart},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, key := ownLabelled(c.kind, nil)
			l := plantest.NewLedger(w, plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}))
			w = labelledOnly(w, key, c.left)
			back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
			l = plantest.Approve(w, back, l)
			end, _, done := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
				if drift := plan.Drift(left, back, l); drift != nil {
					t.Errorf("drift of the rollback at %s: got %v, want none", s, drift)
				}
			})
			if !slices.Contains(done, step.Step{
				Kind: c.want,
				Wave: waveOf(back, "own"), Subject: step.Subject(key),
				From:          "1-31-0",
				To:            "1-29-1",
				TemplateLabel: "1-29-1",
			}) {
				t.Errorf("steps: got %v, want %s of %s", done, c.want, key)
			}
			if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
				wl.Sidecars(),
				[]string{"1-29-1"},
			) {
				t.Errorf("got label %s and sidecars of %v, want 1-29-1", binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
			}
		})
	}
}

func waveOf(t step.Target, namespace string) int {
	for _, g := range t.Waves {
		if slices.Contains(g.Namespaces, namespace) {
			return g.Number
		}
	}
	return 0
}

// A ReplicaSet with a label of its own is evicted, and restored from every point.
func TestLabelledReplicaSetIsEvictedAndRestored(t *testing.T) {
	t.Parallel()
	w0, key := ownLabelled(mesh.ReplicaSet, nil)
	target := plantest.Forward(t, w0, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
		end, _, _ := plantest.Run(t, w, back, plantest.Approve(w, back, l), -1, plantest.First, nil)
		if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
			wl.Sidecars(),
			[]string{"1-29-1"},
		) {
			t.Fatalf("point %d: got label %s and sidecars of %v, want 1-29-1", k, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
		}
	}
}

// With updateStrategy OnDelete a template that the run has labelled is newer than the pods. That
// blocks neither upgrade nor rollback. A change by another tool still does.
func TestOwnTemplateLabelIsNoPendingChange(t *testing.T) {
	w, key := ownLabelled(mesh.StatefulSet, func(wl *mesh.Workload) { wl.Rollout.OnDelete = true })
	pending := func(wl *mesh.Workload) {
		wl.Rollout = mesh.Rollout{OnDelete: true, Pending: true, Message: "2 pods of an older template remain"}
		for i := range wl.Pods {
			wl.Pods[i].Current = false
		}
	}
	l := plantest.NewLedger(w, plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}))
	kinds := func(w mesh.World, target step.Target, l step.Ledger) (list []step.Kind) {
		for _, s := range step.Flat(plan.Steps(w, target, l)) {
			if string(s.Subject) == key {
				list = append(list, s.Kind)
			}
		}
		return list
	}
	pinned := labelledOnly(w, key, pending)
	if got := kinds(
		pinned, plantest.Forward(t, pinned, plantest.IntentForAll(), l), l,
	); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("upgrade after the label: got steps %v, want evict and verify", got)
	}
	if got := kinds(
		pinned, plan.RollbackTarget(plantest.IntentForAll(), l, 0), l,
	); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("rollback after the label: got steps %v, want evict and verify", got)
	}
	partial := labelledOnly(w, key, func(wl *mesh.Workload) { // one pod was created with the label, which was then restored
		pending(wl)
		wl.Template.Labels, wl.Pods[0].Current, wl.Pods[1].Sidecar.Revision = map[string]string{mesh.RevisionLabel: "1-29-1"}, true, "1-31-0"
	})
	l.EvictedFrom = map[mesh.WorkloadRef]bool{mesh.WorkloadRef(key): true}
	if got := kinds(
		partial, plan.RollbackTarget(plantest.IntentForAll(), l, 0), l,
	); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("rollback after the label was restored: got steps %v, want evict and verify", got)
	}
	foreign := plantest.Clone(w)
	for i, wl := range foreign.Workloads {
		if string(wl.Ref()) == key {
			foreign.Workloads[i].Pods = slices.Clone(wl.Pods)
			pending(&foreign.Workloads[i])
		}
	}
	if wl, _ := foreign.Workload(mesh.WorkloadRef(key)); strategy.Decide(
		plantest.Forward(t, foreign, plantest.IntentForAll(), l).Policy, wl,
	).Strategy != step.Blocked {
		t.Error("change by another tool: got no blocker, want one")
	}
}

// The template of an Argo Rollout is only labelled; the Rollout's own strategy moves the pods.
// There is no second write, neither while it pauses nor in the rollback.
func TestLabelledRolloutUsesItsOwnStrategy(t *testing.T) {
	w, key := ownLabelled(mesh.ArgoRollout, func(wl *mesh.Workload) { wl.APIVersion = "argoproj.io/v1alpha1" })
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w, target, step.Ledger{})
	if !slices.ContainsFunc(planned.Stages, func(stage step.Stage) bool {
		return slices.Contains(
			stage.Steps,
			step.Step{
				Kind: step.Restart,
				Wave: waveOf(target, "own"), Subject: step.Subject(key),
				From:          "1-29-1",
				To:            "1-31-0",
				TemplateLabel: "1-31-0",
				API:           "argoproj.io/v1alpha1",
			},
		)
	}) {
		t.Errorf("steps: got %v, want a restart with a template label", step.Flat(planned.Stages))
	}
	wl, _ := w.Workload(mesh.WorkloadRef(key))
	if decision := strategy.Decide(target.Policy, wl); !strings.Contains(decision.Reason, "with its steps, pauses and analysis") {
		t.Errorf("reason: got %q, want its steps, pauses and analysis", decision.Reason)
	}
	l := plan.NewLedger(planned, plantest.Noon)
	pausing := labelledOnly(w, key, func(wl *mesh.Workload) { // one of two pods is the canary
		wl.RestartAnnotation = mesh.RestartAnnotation{Run: "to-1-31-0", At: plantest.Noon}
		wl.Pods[0].Current, wl.Pods[1].Sidecar.Revision = false, "1-31-0"
	})
	for _, s := range step.Flat(plan.Steps(pausing, plantest.Forward(t, pausing, plantest.IntentForAll(), l), l)) {
		if string(s.Subject) == key && s.Kind.Changes() {
			t.Errorf("while it pauses: got step %s, want none", s)
		}
	}
	waiting := labelledOnly(w, key, func(wl *mesh.Workload) { // its strategy has created no pod yet
		wl.RestartAnnotation, wl.Pods[0].Current, wl.Pods[1].Current = mesh.RestartAnnotation{Run: "to-1-31-0", At: plantest.Noon}, false, false
	})
	for _, tc := range []struct {
		name string
		w    mesh.World
	}{{"while it pauses", pausing}, {"before its first step", waiting}} {
		t.Run(tc.name, func(t *testing.T) {
			back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
			end, _, _ := plantest.Run(t, tc.w, back, plantest.Approve(tc.w, back, l), -1, plantest.First, nil)
			if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
				wl.Sidecars(),
				[]string{"1-29-1"},
			) {
				t.Errorf("got label %s and sidecars of %v, want 1-29-1", binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
			}
		})
	}
}

// A template label is a blocker where the controller would still create pods of the old
// template, or would roll the workload out although a rule says evict. The template stays.
func TestIneffectiveTemplateLabelIsABlocker(t *testing.T) {
	partition := func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Partition = true, true }
	paused := func(wl *mesh.Workload) { wl.Rollout.Paused = true }
	argo := func(wl *mesh.Workload) { wl.APIVersion = "argoproj.io/v1alpha1" }
	for _, c := range []struct {
		name   string
		kind   mesh.Kind
		change func(*mesh.Workload)
		rule   step.Strategy
		reason string
	}{
		{name: "partition", kind: mesh.StatefulSet, change: partition, reason: "a partition keeps pods"},
		{name: "paused, evicted", kind: mesh.Deployment, change: paused, rule: step.ByEviction, reason: "while its rollout is paused"},
		{name: "Rollout, evicted", kind: mesh.ArgoRollout, change: argo, rule: step.ByEviction, reason: "its controller rolls it for that"},
		{
			name: "Deployment, evicted", kind: mesh.Deployment,
			change: func(*mesh.Workload) {}, rule: step.ByEviction,
			reason: "its controller rolls it for that",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, key := ownLabelled(c.kind, c.change)
			in := plantest.IntentForAll()
			if c.rule != "" {
				in.Policy.Rules = []step.Rule{{Name: "extra", Strategy: c.rule}}
			}
			planned := plan.Make(w, plantest.Forward(t, w, in, step.Ledger{}), step.Ledger{})
			for _, s := range step.Flat(planned.Stages) {
				if string(s.Subject) == key {
					t.Errorf("got step %s, want none", s)
				}
			}
			if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool {
				return n.Kind == step.Blocker && n.Subject == key && strings.Contains(n.Text, c.reason) && n.Remedy != ""
			}) {
				t.Errorf("notes: got %v, want a blocker that names it", planned.Notes)
			}
		})
	}
}

// A template label is restored although a later rule says evict.
func TestLaterEvictionRestoresTemplateLabel(t *testing.T) {
	w, key := ownLabelled(mesh.Deployment, nil)
	in := plantest.IntentForAll()
	target := plantest.Forward(t, w, in, step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	in.Policy.Rules = []step.Rule{{Name: "extra", Strategy: step.ByEviction}}
	back := plan.RollbackTarget(in, l, 0)
	end, _, _ := plantest.Run(t, w, back, plantest.Approve(w, back, l), -1, plantest.First, nil)
	if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
		t.Errorf("got label %s and sidecars of %v, want 1-29-1", binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
	}
}
