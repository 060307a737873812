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

// TestUpgradeAndRollback upgrades the shop and rolls it back, undisturbed.
func TestUpgradeAndRollback(t *testing.T) {
	l := sharedLab(t, "the shop is upgraded to 1.31.0 in three waves, and rolled back")
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)

	args := installArgs(t, "--soak", "1s")
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "3 namespaces in 3 waves to revision 1-31-0 (Istio 1.31.0)",
		"CustomResourceDefinition meshupgrades.rerig.dev", "install revision 1-31-0",
		"left out: 2 Deployments istio-system/istio-egressgateway, istio-system/istio-ingressgateway: a gateway (now 1-29-1, version "+
			"1.29.1)",
		"Wave 1 of 3 shop-web", "Wave 2 of 3 shop-data", "Wave 3 of 3 shop-core",
		"istio-injection=enabled -> istio.io/rev=1-31-0", "istio.io/rev=1-29-1 -> istio.io/rev=1-31-0",
		"Gateways that stay", "Deployment istio-system/istio-ingressgateway 2 pods", "Deployment istio-system/istio-egressgateway 2 pods",
		"Deployment shop-data/rates no preStop hook in container rates")
	if n := strings.Count(planned.text, "no preStop hook"); n != 1 {
		t.Errorf("got %d workloads without a preStop hook, want rates alone:\n%s", n, planned.text)
	}
	for _, wl := range shopWorkloads {
		planned.requireOutput(t, "restart "+wl)
	}
	l.snapshot(t, bindingFields()).requireSame(t, "a plan", before)

	moved := l.rerig(t, args...)
	moved.requireExit(t, exitDone)
	moved.requireOutput(t, "Run to-1-31-0 is complete", "rerig rollback to-1-31-0")
	t.Logf("upgrade: %s", short(moved.took))
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the upgrade", gateways)
	l.requireInventory(t, newRevision)
	l.requirePhase(t, "Completed")

	again := l.rerig(t, args...)
	again.requireExit(t, exitDone)
	again.requireOutput(t, "Nothing is left to do")

	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	returned.requireOutput(t, "Run to-1-31-0 is rolled back", "The control plane of revision 1-31-0 stays installed and unused")
	t.Logf("rollback: %s", short(returned.took))
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.requirePlacement(t, everywhere(oldRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the rollback", gateways)
	l.requireInventory(t, oldRevision)
	l.requirePhase(t, "RolledBack")
	if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+newRevision)) != 1 {
		t.Error("the control plane of 1-31-0 is gone, though a rollback leaves it")
	}
}

// planArgs turns the arguments of an upgrade into those of its plan.
func planArgs(args []string) []string {
	out := []string{"plan"}
	for _, a := range args[1:] {
		if a != "--yes" {
			out = append(out, a)
		}
	}
	return out
}

// withoutTarget returns the entries other than those of the new control plane.
func (s snapshot) withoutTarget() snapshot {
	out := snapshot{}
	for name, value := range s {
		if !strings.Contains(name, "/istiod-"+newRevision) {
			out[name] = value
		}
	}
	return out
}

// gatewaySnapshot returns what a gateway has to keep: its Deployment's generation and
// template, its pods, and the istiod that serves them.
func (l *lab) gatewaySnapshot(t *testing.T) snapshot {
	t.Helper()
	s := snapshot{}
	links, err := l.proxies(t, oldRevision)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"istio=ingressgateway", "istio=egressgateway"} {
		for _, o := range l.list(t.Context(), t, deployments, label) {
			for _, field := range []string{"metadata.generation", "spec.template"} {
				s[o.GetName()+" "+field] = fieldJSON(t, o, field)
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

// requireInventory requires that rerig's inventory has the shop on a revision.
func (l *lab) requireInventory(t *testing.T, revision string) {
	t.Helper()
	out := l.rerig(t, "inventory", "-o", "json")
	out.requireExit(t, exitDone)
	type sidecars struct{ Revision, Version string }
	var seen struct {
		Workloads []struct {
			Kind, Namespace, Name string
			Gateway               bool
			Sidecars, Connections []sidecars
			Disconnected          []string
			Findings              []string
		}
		UnknownPods []any
		Findings    []string
	}
	if err := json.Unmarshal([]byte(out.stdout), &seen); err != nil {
		t.Fatalf("read the inventory: %v\n%s", err, out.stdout)
	}
	got, want := map[string][2][]sidecars{}, map[string][2][]sidecars{}
	for _, w := range seen.Workloads {
		key := w.Kind + " " + w.Namespace + "/" + w.Name
		got[key] = [2][]sidecars{w.Sidecars, w.Connections}
		on := revision
		if w.Gateway {
			on = oldRevision
		}
		is := []sidecars{{on, versions[on]}}
		want[key] = [2][]sidecars{is, is}
		if len(w.Findings)+len(w.Disconnected) > 0 {
			t.Errorf("%s: %v, disconnected %v", key, w.Findings, w.Disconnected)
		}
	}
	if len(seen.Findings)+len(seen.UnknownPods) > 0 {
		t.Errorf("the inventory finds fault: %v, unknown pods %v", seen.Findings, seen.UnknownPods)
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

// requirePhase requires the phase of the one recorded run.
func (l *lab) requirePhase(t *testing.T, want string) {
	t.Helper()
	runs := l.list(t.Context(), t, meshUpgrades, "")
	if len(runs) != 1 {
		t.Fatalf("%d runs are on record, want one", len(runs))
	}
	if phase, _, _ := unstructured.NestedString(runs[0].Object, "status", "phase"); phase != want {
		t.Errorf("the record says %s, want %s", phase, want)
	}
}
