// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// untagged is a mesh that was installed without a revision: its own webhooks serve
// the default and the name "default", and no tag does.
func untagged() mesh.World {
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"root"}, Validator: mesh.Validator{
		Configuration: "istiod-default-validator",
		Revision:      "default",
	},
		Revisions: []mesh.Revision{
			{Name: "default", Version: "1.29.1", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod", Ready: true, Build: "1.29.1"}}},
		}}
	for _, h := range hooks("default", "default") {
		h.Configuration, h.Tag = "istio-sidecar-injector", ""
		w.Webhooks = append(w.Webhooks, h)
	}
	for ns, labels := range map[string]map[string]string{
		"a":            {mesh.InjectionLabel: "enabled"},
		"b":            {mesh.RevisionLabel: "default"},
		"own":          {},
		"istio-system": {},
	} {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: labels})
	}
	w.Workloads = []mesh.Workload{
		workload(mesh.Deployment, "a", "web", 2),
		workload(mesh.Deployment, "b", "web", 2),
		workload(mesh.Deployment, "own", "web", 2),
	}
	w.Workloads[2].Template.Labels = map[string]string{mesh.RevisionLabel: "default"}
	for _, wl := range w.Workloads {
		for i := range wl.Pods {
			wl.Pods[i].Sidecar.Revision = "default"
		}
	}
	w.Sort()
	return w
}

// What names the revision "default" is bound through the default too: all the
// webhooks of that configuration move with it.
func TestWhatNamesTheUntaggedRevisionFollowsTheDefault(t *testing.T) {
	w := untagged()
	for _, name := range []string{"a", "b"} {
		ns, _ := w.Namespace(name)
		if got := w.TagOf(ns, mesh.Template{}); got != mesh.DefaultTag {
			t.Errorf("%s comes to its revision through %q", name, got)
		}
	}
	in := allOf()
	in.Namespaces = []string{"a"}
	target := forward(t, w, in, step.Ledger{})
	if _, moves := target.Tags["default"]; moves {
		t.Error("the default moves, with b and own/web, which the run does not move")
	}
	if !slices.ContainsFunc(Make(w, target, step.Ledger{}).Notes, func(n step.Note) bool {
		return n.Subject == "tag default" && n.Evidence == "names default; binds Deployment b/web, Deployment own/web"
	}) {
		t.Error("no note names who is bound by the default")
	}
}

func TestTheUntaggedDefaultIsMovedAndComesBack(t *testing.T) {
	w0 := untagged()
	target := forward(t, w0, allOf(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	end, _, _ := carry(t, w0, target, NewLedger(plan, noon), -1, first, nil)
	for _, name := range []string{"a", "b"} {
		was, _ := w0.Namespace(name)
		ns, _ := end.Namespace(name)
		if by := end.Injectors(ns, mesh.Template{}); ns.Binding() != was.Binding() || !slices.Equal(by, []string{"1-31-0"}) {
			t.Errorf("%s ends with %s, injected by %v", name, ns.Binding(), by)
		}
	}
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(allOf(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, _, _ := carry(t, w, back, l, -1, first, func(w mesh.World, _ step.Ledger, _ []step.Stage, s step.Step) {
			for _, wl := range w.Workloads {
				ns, _ := w.Namespace(wl.Namespace)
				if by := w.Injectors(ns, s.TemplateAfter(wl.Template)); len(by) != 1 {
					t.Fatalf("point %d: at %s %v would inject %s", k, s, by, wl.Ref())
				}
			}
		})
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
	}
}
