// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// ownLabelled is sixWays on a mesh that has the target already, with one workload
// more that its pods' own label binds.
func ownLabelled(kind mesh.Kind, change func(*mesh.Workload)) (mesh.World, string) {
	w := sixWays()
	wl := workload(kind, "own", "extra", 2)
	wl.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	for i := range wl.Pods {
		wl.Pods[i].UID = wl.Pods[i].Name
	}
	if change != nil {
		change(&wl)
	}
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return withRevision(w, "1-31-0", "1.31.0"), string(wl.Ref())
}

// pinnedOnly is a mesh after a run's write to the template of a workload, and before
// anything came of it.
func pinnedOnly(w mesh.World, key string, change func(*mesh.Workload)) mesh.World {
	w = cloneWorld(w)
	binding.SimulateTemplateLabel(&w, step.Step{Subject: step.Subject(key), TemplateLabel: "1-31-0"})
	for i, wl := range w.Workloads {
		if string(wl.Ref()) == key {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			change(&w.Workloads[i])
		}
	}
	return w
}

// A template that was pinned is given its label back, also where no pod has come of
// it yet: the first eviction was refused, or the first new pod could not be made.
// The pods stay the same.
func TestAPinnedTemplateIsGivenItsLabelBackBeforeAnyPodCameOfIt(t *testing.T) {
	older := func(wl *mesh.Workload) {
		for i := range wl.Pods {
			wl.Pods[i].Current = false
		}
	}
	for name, c := range map[string]struct {
		kind mesh.Kind
		left func(*mesh.Workload)
		want step.Kind
	}{
		"its eviction was refused": {mesh.ReplicaSet, func(*mesh.Workload) {}, step.EvictPods},
		"quota lets no pod be made": {mesh.Deployment, func(wl *mesh.Workload) {
			older(wl)
			wl.RestartAnnotation, wl.Template.Hash = mesh.RestartAnnotation{Run: "to-1-31-0", At: noon}, "t1"
			wl.Rollout = mesh.Rollout{Message: "ReplicaFailure: FailedCreate: exceeded quota"}
		}, step.Restart},
	} {
		w, key := ownLabelled(c.kind, nil)
		l := NewLedger(Make(w, forward(t, w, allOf(), step.Ledger{}), step.Ledger{}), noon)
		w = pinnedOnly(w, key, c.left)
		back := RollbackTarget(allOf(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, _, done := carry(t, w, back, l, -1, first, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if strange := Drift(left, back, l); strange != nil {
				t.Errorf("%s: rollback drifts from its own plan at %s: %v", name, s, strange)
			}
		})
		if !slices.Contains(done, step.Step{
			Kind: c.want,
			Wave: waveOf(back, "own"), Subject: step.Subject(key),
			From:          "1-31-0",
			To:            "1-29-1",
			TemplateLabel: "1-29-1",
		}) {
			t.Errorf("%s: done is %v", name, done)
		}
		if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
			wl.Sidecars(),
			[]string{"1-29-1"},
		) {
			t.Errorf("%s: it ends with %s and sidecars of %v", name, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
		}
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

// What its own label binds is moved by eviction and comes back, from every point.
func TestWhatItsOwnLabelBindsIsEvictedAndComesBack(t *testing.T) {
	w0, key := ownLabelled(mesh.ReplicaSet, nil)
	target := forward(t, w0, allOf(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(allOf(), l, 0)
		end, _, _ := carry(t, w, back, Approve(l, Make(w, back, l), noon), -1, first, nil)
		if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
			wl.Sidecars(),
			[]string{"1-29-1"},
		) {
			t.Fatalf("point %d: it ends with %s and sidecars of %v", k, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
		}
	}
}

// With OnDelete a pinned template is newer than the pods by the run's own write:
// that is in the way neither forth nor back. What somebody else changed still is.
func TestARunsOwnPinIsNoChangePending(t *testing.T) {
	w, key := ownLabelled(mesh.StatefulSet, func(wl *mesh.Workload) { wl.Rollout.OnDelete = true })
	pending := func(wl *mesh.Workload) {
		wl.Rollout = mesh.Rollout{OnDelete: true, Pending: true, Message: "2 pods of an older template remain"}
		for i := range wl.Pods {
			wl.Pods[i].Current = false
		}
	}
	l := NewLedger(Make(w, forward(t, w, allOf(), step.Ledger{}), step.Ledger{}), noon)
	kinds := func(w mesh.World, target step.Target, l step.Ledger) (list []step.Kind) {
		for _, s := range step.Flat(Steps(w, target, l)) {
			if string(s.Subject) == key {
				list = append(list, s.Kind)
			}
		}
		return list
	}
	pinned := pinnedOnly(w, key, pending)
	if got := kinds(pinned, forward(t, pinned, allOf(), l), l); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("its template is pinned: %v is left", got)
	}
	if got := kinds(pinned, RollbackTarget(allOf(), l, 0), l); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("its template is pinned, and it goes back: %v is left", got)
	}
	half := pinnedOnly(w, key, func(wl *mesh.Workload) { // one pod was made with the label, which was given back
		pending(wl)
		wl.Template.Labels, wl.Pods[0].Current, wl.Pods[1].Sidecar.Revision = map[string]string{mesh.RevisionLabel: "1-29-1"}, true, "1-31-0"
	})
	l.EvictedFrom = map[mesh.WorkloadRef]bool{mesh.WorkloadRef(key): true}
	if got := kinds(half, RollbackTarget(allOf(), l, 0), l); !slices.Equal(got, []step.Kind{step.EvictPods, step.Verify}) {
		t.Errorf("its label is given back: %v is left", got)
	}
	theirs := cloneWorld(w)
	for i, wl := range theirs.Workloads {
		if string(wl.Ref()) == key {
			theirs.Workloads[i].Pods = slices.Clone(wl.Pods)
			pending(&theirs.Workloads[i])
		}
	}
	if wl, _ := theirs.Workload(mesh.WorkloadRef(key)); strategy.Decide(forward(t, theirs, allOf(), l).Policy, wl).Strategy != step.Blocked {
		t.Error("a change of somebody else's would be brought along")
	}
}

// A Rollout of Argo is given the label alone: its own strategy rolls that out, which
// the plan says. A second write is no part of it, neither while it pauses nor back.
func TestARolloutThatItsOwnLabelBindsIsRolledByItsStrategy(t *testing.T) {
	w, key := ownLabelled(mesh.ArgoRollout, func(wl *mesh.Workload) { wl.API = "argoproj.io/v1alpha1" })
	target := forward(t, w, allOf(), step.Ledger{})
	plan := Make(w, target, step.Ledger{})
	if !slices.ContainsFunc(plan.Stages, func(stage step.Stage) bool {
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
		t.Errorf("planned is %v", step.Flat(plan.Stages))
	}
	wl, _ := w.Workload(mesh.WorkloadRef(key))
	if way := strategy.Decide(target.Policy, wl); !strings.Contains(way.Reason, "with its steps, pauses and analysis") {
		t.Errorf("the plan says: %s", way.Reason)
	}
	l := NewLedger(plan, noon)
	pausing := pinnedOnly(w, key, func(wl *mesh.Workload) { // one pod of two is of the canary
		wl.RestartAnnotation = mesh.RestartAnnotation{Run: "to-1-31-0", At: noon}
		wl.Pods[0].Current, wl.Pods[1].Sidecar.Revision = false, "1-31-0"
	})
	for _, s := range step.Flat(Steps(pausing, forward(t, pausing, allOf(), l), l)) {
		if string(s.Subject) == key && s.Kind.Changes() {
			t.Errorf("while it pauses: %s", s)
		}
	}
	none := pinnedOnly(w, key, func(wl *mesh.Workload) { // its strategy has made no pod yet
		wl.RestartAnnotation, wl.Pods[0].Current, wl.Pods[1].Current = mesh.RestartAnnotation{Run: "to-1-31-0", At: noon}, false, false
	})
	for name, w := range map[string]mesh.World{"while it pauses": pausing, "before its first step": none} {
		back := RollbackTarget(allOf(), l, 0)
		end, _, _ := carry(t, w, back, Approve(l, Make(w, back, l), noon), -1, first, nil)
		if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(
			wl.Sidecars(),
			[]string{"1-29-1"},
		) {
			t.Errorf("taken back %s, it ends with %s and sidecars of %v", name, binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
		}
	}
}
