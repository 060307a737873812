// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// bystander is sixWays with something more that a tag decides over.
func bystander(change func(w *mesh.World, wl *mesh.Workload), namespace string) mesh.World {
	w := sixWays()
	wl := workload(mesh.Deployment, namespace, "extra", 1)
	change(&w, &wl)
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return w
}

// Whoever comes to another revision with a tag, and is not moved before it, keeps
// it where it is: what istiod renders at once, what gets it with its next pod,
// and what has no pod now.
func TestWhoComesWithATagAndIsNotMovedKeepsIt(t *testing.T) {
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
	for name, c := range map[string]struct {
		world mesh.World
		names []string
		tag   string
		moves bool
	}{
		"a Gateway of the Gateway API beside what its own labels bind": {
			world: bystander(gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller"}), "own"),
			tag:   "default",
		},
		"a Gateway that names the tag, in a labelled namespace": {
			world: bystander(
				gatewayOf(map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.RevisionLabel: "prod"}),
				"b",
			),
			tag: "prod",
		},
		"a gateway of Helm's beside what its own labels bind": {
			world: bystander(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "own"),
			tag:   "default",
		},
		"a gateway of Helm's in a labelled namespace": {
			world: bystander(gatewayOf(map[string]string{mesh.SidecarLabel: "true"}), "b"),
			tag:   "default", moves: true,
		},
		"a CronJob in a namespace that is not moved": {
			world: bystander(podless(mesh.CronJob, map[string]string{mesh.RevisionLabel: "prod"}), "other"),
			names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"},
			tag:   "prod",
		},
		"one scaled to zero in a namespace that is not moved": {
			world: bystander(podless(mesh.Deployment, map[string]string{mesh.RevisionLabel: "prod"}), "other"),
			names: []string{"a", "auto", "b", "c", "d", "default-tag", "own"},
			tag:   "prod",
		},
		"nobody": {world: sixWays(), tag: "default", moves: true},
	} {
		in := allOf()
		in.Namespaces = c.names
		target := forward(t, c.world, in, step.Ledger{})
		if _, moves := target.Tags[c.tag]; moves != c.moves {
			t.Errorf("%s: the tag %s moves: %t", name, c.tag, moves)
		}
		noted := slices.ContainsFunc(Make(c.world, target, step.Ledger{}).Notes, func(n step.Note) bool {
			return n.Kind == step.TagStays && n.Subject == "tag "+c.tag && n.Evidence != "" && !c.moves
		})
		if noted == c.moves {
			t.Errorf("%s: a note says that it stays: %t", name, noted)
		}
	}
}

// bornLater is a mesh that was moved, in which somebody has made namespace new since
// then, bound by default.
func bornLater(w mesh.World, revision string) (mesh.World, mesh.Workload) {
	w = cloneWorld(w)
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "new", Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
	wl := workload(mesh.Deployment, "new", "web", 1)
	wl.Pods[0].Sidecar.Revision = revision
	w.Workloads = append(w.Workloads, wl)
	w.Sort()
	return w, wl
}

// heldAt is what the plan says of a tag at which the run will hold.
func heldAt(p Plan, tag string) string {
	for _, n := range p.Notes {
		if n.Kind == step.TagStays && n.Subject == "tag "+tag && strings.Contains(n.Text, "the run holds there") {
			return n.Evidence + "; " + n.Remedy
		}
	}
	return ""
}

// Who came to be bound by a tag since it was moved is named before it is agreed to
// take the tag back, and what is to be done then is enough.
func TestWhoCameToBeBoundSinceIsNamedOnTheWayBack(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	back := RollbackTarget(allOf(), l, 0)
	if said := heldAt(Make(end, back, l), "default"); said != "" {
		t.Fatalf("nobody came, and it holds for %s", said)
	}
	end, wl := bornLater(end, "1-31-0")
	if said := heldAt(Make(end, back, l), "default"); said != "names 1-31-0; binds "+string(wl.Ref())+"; "+advice.ByOwnName {
		t.Errorf("said is %q", said)
	}
	binding.SimulateLabels(&end, step.Step{Subject: "new", To: mesh.Pinned("1-31-0").String()})
	if said := heldAt(Make(end, back, l), "default"); said != "" {
		t.Errorf("bound by its own name, it holds for %s", said)
	}
	home, _, _ := carry(t, end, back, Approve(l, Make(end, back, l), noon), -1, first, nil)
	ns, _ := home.Namespace("new")
	if by := binding.InjectedBy(home, ns); by != "1-31-0" || home.TagRevisions("default")[0] != "1-29-1" {
		t.Errorf("it ends on %s, the default at %v", by, home.TagRevisions("default"))
	}
}

// So it is on the way forth, where tags that were to be kept are moved after all.
func TestWhoCameToBeBoundMeanwhileIsNamed(t *testing.T) {
	w, in := sixWays(), allOf()
	in.Tags = step.KeepTags
	target := forward(t, w, in, step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	w, wl := bornLater(w, "1-29-1")
	in.Tags, in.Namespaces = step.MoveTags, target.Namespaces()
	target = forward(t, w, in, l)
	if said := heldAt(Make(w, target, l), "default"); !strings.Contains(said, string(wl.Ref())) {
		t.Errorf("said is %q", said)
	}
}

// Something that its own label binds and that came after the upgrade, in a namespace
// without labels that was moved, is pinned by nobody on the way back: the tag is not
// moved under it.
func TestWhatItsOwnLabelBindsSinceIsNamedOnTheWayBack(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	back := RollbackTarget(allOf(), l, 0)
	for kind, held := range map[mesh.Kind]bool{mesh.Deployment: true, mesh.CronJob: true, mesh.Job: false} {
		now, late := cloneWorld(end), workload(kind, "own", "late", 2)
		if kind == mesh.CronJob {
			late.Replicas, late.Pods = 0, nil
		}
		for i := range late.Pods {
			late.Pods[i].Sidecar.Revision = "1-31-0"
		}
		late.Template.Labels = map[string]string{mesh.SidecarLabel: "true"}
		now.Workloads = append(now.Workloads, late)
		now.Sort()
		if said := heldAt(Make(now, back, l), "default"); strings.Contains(said, string(late.Ref())) != held {
			t.Errorf("%s: said is %q", kind, said)
		}
		i := slices.IndexFunc(now.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == late.Ref() })
		now.Workloads[i].Template.Labels = map[string]string{mesh.SidecarLabel: "true", mesh.RevisionLabel: "1-31-0"}
		if said := heldAt(Make(now, back, l), "default"); said != "" {
			t.Errorf("%s, bound by its own name: said is %q", kind, said)
		}
	}
}

// A namespace that a tag binds and that holds nothing goes with it, and is named,
// forth and back; it keeps no tag where it is.
func TestAnEmptyNamespaceGoesWithItsTag(t *testing.T) {
	w, in := sixWays(), allOf()
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
	target := forward(t, w, in, step.Ledger{})
	named := func(w mesh.World, target step.Target, l step.Ledger, to string) (list []string) {
		for _, n := range Make(w, target, l).Notes {
			if n.Kind == step.ByTag && strings.Contains(n.Text, "is not part of the run: once the tag is moved, its next pods get "+to) {
				list = append(list, n.Subject)
			}
		}
		return list
	}
	if got := named(w, target, step.Ledger{}, "1-31-0"); !slices.Equal(got, []string{"ci"}) || target.Tags["default"] == "" {
		t.Errorf("forth, named are %v; tags %v", got, target.Tags)
	}
	end, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	if got := named(end, target, l, "1-31-0"); got != nil {
		t.Errorf("once the tag is moved, named are %v", got)
	}
	back := RollbackTarget(in, l, 0)
	if got := named(end, back, l, "1-29-1"); !slices.Equal(got, []string{"ci"}) {
		t.Errorf("back, named are %v", got)
	}
	run := workload(mesh.BarePod, "ci", "run", 1)
	run.Pods[0].Sidecar.Revision = "1-31-0"
	end = cloneWorld(end)
	end.Workloads = append(end.Workloads, run)
	end.Sort()
	if got := named(end, back, l, "1-29-1"); got != nil || !strings.Contains(heldAt(Make(end, back, l), "default"), string(run.Ref())) {
		t.Errorf("with a pod in it, named are %v", got)
	}
}
