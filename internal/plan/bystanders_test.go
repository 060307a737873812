// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// withWorkload returns WorldOfAllBindings with one more workload that a tag binds.
func withWorkload(change func(w *mesh.World, wl *mesh.Workload), namespace string) mesh.World {
	w := plantest.WorldOfAllBindings()
	wl := plantest.Workload(mesh.Deployment, namespace, "extra", 1)
	change(&w, &wl)
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return w
}

// A workload that would change its revision with a tag, and is not moved before, keeps the tag:
// one that istiod renders at once, one that changes with its next pod, one without pods.
func TestBystandersKeepATag(t *testing.T) {
	gatewayOf := func(labels map[string]string) func(*mesh.World, *mesh.Workload) {
		return func(_ *mesh.World, wl *mesh.Workload) {
			wl.Gateway, wl.Template.Labels = true, map[string]string{}
			for k, v := range labels {
				wl.Template.Labels[k] = v
			}
		}
	}
	podless := func(kind mesh.Kind, labels map[string]string) func(*mesh.World, *mesh.Workload) {
		return func(w *mesh.World, wl *mesh.Workload) {
			wl.Kind, wl.Replicas, wl.Pods, wl.Template.Labels = kind, 0, nil, labels
			w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: wl.Namespace, Labels: labels})
			w.Sort()
		}
	}
	for _, c := range []struct {
		name  string
		world mesh.World
		names []string
		tag   string
		moves bool
	}{
		{name: "Gateway API, namespace without labels",
			world: withWorkload(gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller"}), "own"),
			tag:   "default",
		},
		{name: "Gateway API, tag in its own label",
			world: withWorkload(
				gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.RevisionLabel: "prod"}),
				"b",
			),
			tag: "prod",
		},
		{name: "Helm gateway, namespace without labels",
			world: withWorkload(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "own"),
			tag:   "default",
		},
		{name: "Helm gateway, labelled namespace",
			world: withWorkload(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "b"),
			tag:   "default", moves: true,
		},
		{name: "CronJob, namespace not moved",
			world: withWorkload(podless(mesh.CronJob, map[string]string{mesh.RevisionLabel: "prod"}), "other"),
			names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"},
			tag:   "prod",
		},
		{name: "scaled to zero, namespace not moved",
			world: withWorkload(podless(mesh.Deployment, map[string]string{mesh.RevisionLabel: "prod"}), "other"),
			names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"},
			tag:   "prod",
		},
		{name: "no bystander", world: plantest.WorldOfAllBindings(), tag: "default", moves: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := plantest.IntentForAll()
			in.Namespaces = c.names
			target := plantest.Forward(t, c.world, in, step.Ledger{})
			if _, moves := target.Tags[c.tag]; moves != c.moves {
				t.Errorf("tag %s moves: got %t, want %t", c.tag, moves, c.moves)
			}
			noted := slices.ContainsFunc(plan.Make(c.world, target, step.Ledger{}).Notes, func(n step.Note) bool {
				return n.Kind == step.TagStays && n.Subject == "tag "+c.tag && n.Evidence != "" && !c.moves
			})
			if noted == c.moves {
				t.Errorf("note that the tag stays: got %t, want %t", noted, !c.moves)
			}
		})
	}
}

// withNewNamespace returns the World with a namespace new that the default binds, and its
// workload.
func withNewNamespace(w mesh.World, revision string) (mesh.World, mesh.Workload) {
	w = plantest.Clone(w)
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "new", Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
	wl := plantest.Workload(mesh.Deployment, "new", "web", 1)
	wl.Pods[0].Sidecar.Revision = revision
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return w, wl
}

// tagStaysNote returns evidence and remedy of the note that the run will hold at a tag, "" for none.
func tagStaysNote(p plan.Plan, tag string) string {
	for _, n := range p.Notes {
		if n.Kind == step.TagStays && n.Subject == "tag "+tag && strings.Contains(n.Text, "the run holds there") {
			return n.Evidence + "; " + n.Remedy
		}
	}
	return ""
}

// Workloads that a tag binds since it moved are named before the rollback moves the tag, and the
// advised remedy suffices.
func TestRollbackNamesNewBystanders(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	if note := tagStaysNote(plan.Make(end, back, l), "default"); note != "" {
		t.Fatalf("note without a new namespace: got %q, want none", note)
	}
	end, wl := withNewNamespace(end, "1-31-0")
	if note := tagStaysNote(plan.Make(end, back, l), "default"); note != "names 1-31-0; binds "+string(wl.Ref())+"; "+advice.ByOwnName {
		t.Errorf("note: got %q, want one that names %s", note, wl.Ref())
	}
	binding.SimulateLabels(&end, step.Step{Subject: "new", To: mesh.BindingTo("1-31-0").String()})
	if note := tagStaysNote(plan.Make(end, back, l), "default"); note != "" {
		t.Errorf("note once the namespace names its revision: got %q, want none", note)
	}
	restored, _, _ := plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	ns, _ := restored.Namespace("new")
	if by := binding.InjectedBy(restored, ns); by != "1-31-0" || restored.TagRevisions("default")[0] != "1-29-1" {
		t.Errorf("got revision %s and default %v, want 1-31-0 and 1-29-1", by, restored.TagRevisions("default"))
	}
}

// An upgrade that moves tags which were kept at first names them too.
func TestUpgradeNamesNewBystanders(t *testing.T) {
	w, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	in.Tags = step.KeepTags
	target := plantest.Forward(t, w, in, step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	w, wl := withNewNamespace(w, "1-29-1")
	in.Tags, in.Namespaces = step.MoveTags, target.Namespaces()
	target = plantest.Forward(t, w, in, l)
	if note := tagStaysNote(plan.Make(w, target, l), "default"); !strings.Contains(note, string(wl.Ref())) {
		t.Errorf("note: got %q, want one that names %s", note, wl.Ref())
	}
}

// A rollback does not pin a workload with a label of its own that was created after the upgrade
// in a namespace without labels. The tag does not move under it, and a note names it.
func TestRollbackNamesNewTemplateLabels(t *testing.T) {
	w := plantest.WorldOfAllBindings()
	target := plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
	for _, tc := range []struct {
		kind mesh.Kind
		held bool
	}{{mesh.Deployment, true}, {mesh.CronJob, true}, {mesh.Job, false}} {
		now, late := plantest.Clone(end), plantest.Workload(tc.kind, "own", "late", 2)
		if tc.kind == mesh.CronJob {
			late.Replicas, late.Pods = 0, nil
		}
		for i := range late.Pods {
			late.Pods[i].Sidecar.Revision = "1-31-0"
		}
		late.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
		now.Workloads = append(now.Workloads, late)
		now.Sort()
		if note := tagStaysNote(plan.Make(now, back, l), "default"); strings.Contains(note, string(late.Ref())) != tc.held {
			t.Errorf("%s: got note %q, want it to name the workload: %t", tc.kind, note, tc.held)
		}
		i := slices.IndexFunc(now.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == late.Ref() })
		now.Workloads[i].Template.Labels = map[string]string{mesh.SidecarLabel: "true", mesh.RevisionLabel: "1-31-0"}
		if note := tagStaysNote(plan.Make(now, back, l), "default"); note != "" {
			t.Errorf("%s with its revision's name: got note %q, want none", tc.kind, note)
		}
	}
}

// A namespace that a tag binds and that has no workloads follows the tag, in the upgrade and in
// the rollback. A note names it.
func TestEmptyNamespaceFollowsItsTag(t *testing.T) {
	w, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	in.Namespaces = []string{"a", "auto", "b", "c", "d", "default-tag", "own"}
	for name, labels := range map[string]map[string]string{
		"ci":     {mesh.InjectionLabel: "enabled"},
		"off":    {mesh.InjectionLabel: "disabled"},
		"pinned": {mesh.RevisionLabel: "1-29-1"},
		"plain":  {},
	} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: name, Labels: labels})
	}
	w.Sort()
	target := plantest.Forward(t, w, in, step.Ledger{})
	named := func(w mesh.World, target step.Target, l step.Ledger, to string) (list []string) {
		for _, n := range plan.Make(w, target, l).Notes {
			if n.Kind == step.ByTag && strings.Contains(n.Text, "is not part of the run: once the tag is moved, its next pods get "+to) {
				list = append(list, n.Subject)
			}
		}
		return list
	}
	if got := named(w, target, step.Ledger{}, "1-31-0"); !slices.Equal(got, []string{"ci"}) || target.Tags["default"] == "" {
		t.Errorf("upgrade: got %v named and tags %v, want ci and the default", got, target.Tags)
	}
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	if got := named(end, target, l, "1-31-0"); got != nil {
		t.Errorf("after the tag moved: got %v named, want none", got)
	}
	back := plan.RollbackTarget(in, l, 0)
	if got := named(end, back, l, "1-29-1"); !slices.Equal(got, []string{"ci"}) {
		t.Errorf("rollback: got %v named, want ci", got)
	}
	run := plantest.Workload(mesh.BarePod, "ci", "run", 1)
	run.Pods[0].Sidecar.Revision = "1-31-0"
	end = plantest.Clone(end)
	end.Workloads = append(end.Workloads, run)
	end.Sort()
	if got := named(end, back, l, "1-29-1"); got != nil ||
		!strings.Contains(tagStaysNote(plan.Make(end, back, l), "default"), string(run.Ref())) {
		t.Errorf("with a pod in the namespace: got %v named, want none, and a note that the tag stays", got)
	}
}
