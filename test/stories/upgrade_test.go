// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestUpgradeAndRollback is the main job, undisturbed.
func TestUpgradeAndRollback(t *testing.T) {
	l := hollow(t, "the shop moves to 1.31.0 in three waves, and all the way back")
	before, gateways := l.snapshot(t, bindings()), l.gateways(t)

	planned := l.rerig(t, planning(upgrading(t))...)
	planned.exits(t, exitDone)
	planned.says(t, "3 namespaces in 3 waves to revision 1-31-0 (Istio 1.31.0)",
		"CustomResourceDefinition meshupgrades.rerig.dev", "install revision 1-31-0",
		"left out: 2 Deployments istio-system/istio-egressgateway, istio-system/istio-ingressgateway: a gateway (now 1-29-1, version 1.29.1)",
		"Wave 1 of 3 shop-web", "Wave 2 of 3 shop-data", "Wave 3 of 3 shop-core",
		"istio-injection=enabled -> istio.io/rev=1-31-0", "istio.io/rev=1-29-1 -> istio.io/rev=1-31-0",
		"Gateways that stay", "Deployment istio-system/istio-ingressgateway 2 pods", "Deployment istio-system/istio-egressgateway 2 pods",
		"Deployment shop-data/rates no preStop hook in container rates")
	if n := strings.Count(planned.text, "no preStop hook"); n != 1 {
		t.Errorf("%d workloads are said to lose requests, want rates alone:\n%s", n, planned.text)
	}
	for _, wl := range shopWorkloads {
		planned.says(t, "restart "+wl)
	}
	l.snapshot(t, bindings()).same(t, "a plan", before)

	moved := l.rerig(t, upgrading(t)...)
	moved.exits(t, exitDone)
	moved.says(t, "Run to-1-31-0 is complete", "rerig rollback to-1-31-0")
	t.Logf("upgrade: %s", short(moved.took))
	l.stands(t, all(newRevision))
	l.labelled(t, all(newRevision))
	l.gateways(t).same(t, "the gateways after the upgrade", gateways)
	l.inventoried(t, newRevision)
	l.phase(t, "Completed")

	again := l.rerig(t, upgrading(t)...)
	again.exits(t, exitDone)
	again.says(t, "Nothing is left to do")

	returned := l.rerig(t, back()...)
	returned.exits(t, exitDone)
	returned.says(t, "Run to-1-31-0 is rolled back", "The control plane of revision 1-31-0 stays installed and unused")
	t.Logf("rollback: %s", short(returned.took))
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.ours().withoutStamps(t))
	l.stands(t, all(oldRevision))
	l.gateways(t).same(t, "the gateways after the rollback", gateways)
	l.inventoried(t, oldRevision)
	l.phase(t, "RolledBack")
	if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+newRevision)) != 1 {
		t.Error("the control plane of 1-31-0 is gone, though a rollback leaves it")
	}
}

// planning turns the arguments of an upgrade into those of its plan.
func planning(args []string) []string {
	out := []string{"plan"}
	for _, a := range args[1:] {
		if a != "--yes" {
			out = append(out, a)
		}
	}
	return out
}

// ours are the objects that were there before the control plane was installed.
func (s snapshot) ours() snapshot {
	out := snapshot{}
	for name, value := range s {
		if !strings.Contains(name, "/istiod-"+newRevision) {
			out[name] = value
		}
	}
	return out
}

// gateways is what a gateway must keep: its Deployment's generation and template,
// its pods, and the istiod that serves them.
func (l *lab) gateways(t *testing.T) snapshot {
	t.Helper()
	s := snapshot{}
	links, err := l.wire(t, oldRevision)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"istio=ingressgateway", "istio=egressgateway"} {
		for _, o := range l.list(t.Context(), t, deployments, label) {
			for _, field := range []string{"metadata.generation", "spec.template"} {
				s[o.GetName()+" "+field] = render(t, o, field)
			}
		}
		pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: label})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pods.Items {
			k, served := links[p.Name+"."+p.Namespace]
			if !served || k.fault() != "" || k.Version != oldVersion {
				t.Errorf("gateway pod %s is not served by %s: %+v", p.Name, oldRevision, k)
			}
			s["pod "+p.Name] = string(p.UID) + " " + sidecar(p)
		}
	}
	if len(s) != 8 {
		t.Errorf("two gateways of two pods are expected, seen: %v", s)
	}
	return s
}

// inventoried demands that rerig's own inventory has the shop on a revision.
func (l *lab) inventoried(t *testing.T, revision string) {
	t.Helper()
	said := l.rerig(t, "inventory", "-o", "json")
	said.exits(t, exitDone)
	type carried struct{ Revision, Version string }
	var seen struct {
		Workloads []struct {
			Kind, Namespace, Name string
			Gateway               bool
			Carries, Connected    []carried
			Disconnected          []string
			Findings              []string
		}
		Strangers []any
		Findings  []string
	}
	if err := json.Unmarshal([]byte(said.stdout), &seen); err != nil {
		t.Fatalf("read the inventory: %v\n%s", err, said.stdout)
	}
	got, want := map[string][2][]carried{}, map[string][2][]carried{}
	for _, w := range seen.Workloads {
		key := w.Kind + " " + w.Namespace + "/" + w.Name
		got[key] = [2][]carried{w.Carries, w.Connected}
		on := revision
		if w.Gateway {
			on = oldRevision
		}
		is := []carried{{on, versions[on]}}
		want[key] = [2][]carried{is, is}
		if len(w.Findings)+len(w.Disconnected) > 0 {
			t.Errorf("%s: %v, disconnected %v", key, w.Findings, w.Disconnected)
		}
	}
	if len(seen.Findings)+len(seen.Strangers) > 0 {
		t.Errorf("the inventory finds fault: %v, strangers %v", seen.Findings, seen.Strangers)
	}
	for _, wl := range shopWorkloads {
		if _, ok := want[wl]; !ok {
			t.Errorf("the inventory leaves out %s", wl)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the inventory (-want +got):\n%s", diff)
	}
}

// phase demands the phase of the run on record.
func (l *lab) phase(t *testing.T, want string) {
	t.Helper()
	runs := l.list(t.Context(), t, meshUpgrades, "")
	if len(runs) != 1 {
		t.Fatalf("%d runs are on record, want one", len(runs))
	}
	if phase, _, _ := unstructured.NestedString(runs[0].Object, "status", "phase"); phase != want {
		t.Errorf("the record says %s, want %s", phase, want)
	}
}
