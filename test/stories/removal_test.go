// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kept are the Secrets in which an old revision is kept.
const kept = "rerig.dev/kept=" + oldRevision

// removing are the arguments of an upgrade of the shop that takes the old
// revision away at its end.
func removing(t *testing.T, more ...string) []string {
	t.Helper()
	args := upgrading(t, "--remove-old")
	for _, ns := range shopNamespaces {
		args = append(args, "-n", ns)
	}
	return slices.Concat(args, more)
}

// TestOldRevisionGoesWhenNobodyHoldsOn takes the old revision away once nobody
// holds on to it, and brings it back.
func TestOldRevisionGoesWhenNobodyHoldsOn(t *testing.T) {
	tell(t, "a Job's pod, a VM's entry, a route and a pod in an unlabelled namespace hold on to the old revision; without them it goes, and comes back")
	l := bring(t, "removal", "--size", "hollow")
	l.reset(t)
	l.outmoved(t)
	before := l.snapshot(t, bindings())
	l.forgotten(t)

	planned := l.rerig(t, planning(removing(t))...)
	planned.exits(t, exitDone)
	planned.says(t, "After the waves", "remove Deployment istio-system/istiod-1-29-1", "remove MutatingWebhookConfiguration istio-sidecar-injector-1-29-1",
		"remove ConfigMap istio-system/istio-1-29-1", "Old revision still in use", "WorkloadEntry vms/legacy")
	for _, shared := range []string{"remove CustomResourceDefinition", "remove MutatingWebhookConfiguration istio-revision-tag", "remove Secret", "remove Deployment istio-system/istio-ingressgateway"} {
		if strings.Contains(unfolded(planned.text), shared) {
			t.Errorf("the plan would %s:\n%s", shared, planned.text)
		}
	}

	for _, holder := range []struct {
		subject string
		frees   func()
	}{
		{"Pod forgotten/alone", func() { l.remove(t, "pods", "forgotten", "alone") }},
		{"Job shop-core/report", func() { l.remove(t, "jobs", "shop-core", "report") }},
		{"VirtualService shop-core/routes", func() { l.remove(t, "virtualservices", "shop-core", "routes") }},
		{"WorkloadEntry vms/legacy", func() { l.remove(t, "workloadentries", "vms", "legacy") }},
	} {
		held := l.rerig(t, removing(t)...)
		held.exits(t, exitHeld)
		held.says(t, "Held at "+holder.subject+" (CheckFailed)", "revision 1-29-1 is still used by", "What to do")
		if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+oldRevision)) != 1 {
			t.Fatalf("%s holds on to it, and it is gone", holder.subject)
		}
		holder.frees()
	}
	l.stands(t, all(newRevision))

	gone := l.rerig(t, removing(t)...)
	gone.exits(t, exitDone)
	gone.says(t, "removed Deployment istio-system/istiod-1-29-1 of revision 1-29-1", "dry run passed, pod in shop-web", "dry run passed, configuration")
	t.Logf("removal: %s", short(gone.took))
	l.without(t)
	l.admits(t)
	l.phase(t, "Completed")

	returned := l.rerig(t, back()...)
	returned.exits(t, exitDone)
	returned.says(t, "Created again after removal", "never taken back to an older Istio")
	t.Logf("back: %s", short(returned.took))
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).shop().withoutStamps(t).same(t, "the way there and back", before.shop().withoutStamps(t))
	if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+oldRevision)) != 1 {
		t.Error("the control plane of 1-29-1 did not come back")
	}
	l.phase(t, "RolledBack")
}

// TestKilledWhileRemoving kills rerig again and again in the middle of the
// removal, and of what brings the revision back.
func TestKilledWhileRemoving(t *testing.T) {
	tell(t, "killed in the middle of the removal, it goes on with what is left; killed while it comes back too")
	l := bring(t, "killed-removal", "--size", "hollow")
	l.reset(t)
	l.outmoved(t)
	moved := l.rerig(t, slices.DeleteFunc(removing(t), func(a string) bool { return a == "--remove-old" })...)
	moved.exits(t, exitDone)
	l.stands(t, all(newRevision))

	g := newGate(t, l.config)
	removal := func(nth int) func(write) bool {
		return func(w write) bool {
			if !strings.Contains(w.path, oldRevision) && !strings.HasSuffix(w.path, "/secrets") || w.record() {
				return false
			}
			nth--
			return nth == 0
		}
	}
	kills := g.killedEach(t, removing(t, "--lease-duration", lease), removal, 1, 2, 4, 7, 9)
	if kills < 5 {
		t.Errorf("it was killed %d times only", kills)
	}
	l.without(t)
	l.admits(t)

	kills = g.killedEach(t, back("--lease-duration", lease), removal, 1, 3, 8)
	if kills < 3 {
		t.Errorf("on the way back it was killed %d times only", kills)
	}
	l.stands(t, all(oldRevision))
	l.phase(t, "RolledBack")
}

// killedEach kills a command after the nth write that counts, for each n in turn,
// and has it then come to its end.
func (g *gate) killedEach(t *testing.T, args []string, counts func(nth int) func(write) bool, each ...int) int {
	t.Helper()
	kills := 0
	for _, n := range each {
		last, e := g.life(t, args, counts(n))
		if last == nil {
			e.exits(t, exitDone)
			return kills
		}
		t.Logf("killed after %s", last)
		kills++
	}
	g.open()
	start(t, g.kubeconfig, args...).end(t, longest).exits(t, exitDone)
	return kills
}

// forgotten leaves behind what a person forgets: a Job's pod that waits for a
// node, an entry of a VM, a route that is labelled for the revision, and a pod that
// names the revision itself.
func (l *lab) forgotten(t *testing.T) {
	t.Helper()
	own := map[string]any{"istio.io/rev": oldRevision}
	container := []any{map[string]any{"name": "app", "image": "app"}}
	for _, ns := range []string{"forgotten", "vms"} {
		l.make(t, "v1", "Namespace", "namespaces", "", ns, nil, nil)
	}
	l.make(t, "v1", "Pod", "pods", "forgotten", "alone", own, map[string]any{"containers": container})
	l.make(t, "networking.istio.io/v1", "WorkloadEntry", "workloadentries", "vms", "legacy", own, map[string]any{"address": "192.0.2.7"})
	l.make(t, "networking.istio.io/v1", "VirtualService", "virtualservices", "shop-core", "routes", own, map[string]any{"hosts": []any{"a.example"},
		"http": []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{"host": "a.example"}}}}}})
	l.make(t, "batch/v1", "Job", "jobs", "shop-core", "report", nil, map[string]any{"template": map[string]any{
		"spec": map[string]any{"containers": container, "restartPolicy": "Never", "nodeSelector": map[string]any{"disk": "none"}}}})
	eventually(t, time.Minute, func() error {
		for _, ns := range []string{"forgotten", "shop-core"} {
			pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool {
				return sidecar(p) == oldRevision && (p.Name == "alone" || strings.HasPrefix(p.Name, "report"))
			}) {
				return fmt.Errorf("nothing in %s holds on to %s yet", ns, oldRevision)
			}
		}
		return nil
	})
}

// outmoved does what is not the run's: the gateways are taken off the old
// revision.
func (l *lab) outmoved(t *testing.T) {
	t.Helper()
	for _, name := range []string{"istio-ingressgateway", "istio-egressgateway"} {
		l.remove(t, "deployments", "istio-system", name)
	}
}

// retagged moves the default by hand.
func (l *lab) retagged(t *testing.T, revision string) {
	t.Helper()
	l.tag(t, "default", revision)
}

// make makes an object that was not there.
func (l *lab) make(t *testing.T, version, kind, plural, ns, name string, labels, spec map[string]any) {
	t.Helper()
	group, short, grouped := strings.Cut(version, "/")
	if !grouped {
		group, short = "", version
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind,
		"metadata": map[string]any{"name": name, "labels": labels}}}
	if spec != nil {
		o.Object["spec"] = spec
	}
	if _, err := l.objects.Resource(resource(group, short, plural)).Namespace(ns).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create %s %s/%s: %v", kind, ns, name, err)
	}
}

// remove deletes an object and what it owns, and waits until it is gone.
func (l *lab) remove(t *testing.T, plural, ns, name string) {
	t.Helper()
	group := map[string]string{"deployments": "apps", "jobs": "batch", "workloadentries": "networking.istio.io", "virtualservices": "networking.istio.io"}[plural]
	r, foreground := resource(group, "v1", plural), metav1.DeletePropagationForeground
	if err := l.objects.Resource(r).Namespace(ns).Delete(t.Context(), name, metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		t.Fatalf("delete %s %s/%s: %v", plural, ns, name, err)
	}
	eventually(t, time.Minute, func() error {
		if _, err := l.objects.Resource(r).Namespace(ns).Get(t.Context(), name, metav1.GetOptions{}); err == nil {
			return fmt.Errorf("%s %s/%s is still there", plural, ns, name)
		}
		return nil
	})
}

// without demands that nothing is left of the old revision but what was kept of
// it, and that what all share is there.
func (l *lab) without(t *testing.T) {
	t.Helper()
	for _, r := range slices.Concat(within, beyond) {
		for _, o := range l.list(t.Context(), t, r, "istio.io/rev="+oldRevision+",operator.istio.io/component=Pilot") {
			t.Errorf("%s %s/%s is left of %s", o.GetKind(), o.GetNamespace(), o.GetName(), oldRevision)
		}
	}
	secrets := l.list(t.Context(), t, resource("", "v1", "secrets"), kept)
	if len(secrets) == 0 || secrets[0].GetOwnerReferences()[0].Kind != "MeshUpgrade" {
		t.Errorf("what was kept of %s: %v", oldRevision, secrets)
	}
	if len(l.list(t.Context(), t, definitions, "")) < 14 {
		t.Error("Istio's definitions are gone")
	}
	if _, err := l.core.Secrets("istio-system").Get(t.Context(), "istio-ca-secret", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

// admits demands that the mesh takes pods, and injects them, and takes valid
// configuration and no other.
func (l *lab) admits(t *testing.T) {
	t.Helper()
	pods := l.shopPods(t)
	if err := l.core.Pods(pods[0].Namespace).Delete(t.Context(), pods[0].Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	l.settles(t, all(newRevision))
	gateways := l.objects.Resource(resource("networking.istio.io", "v1", "gateways")).Namespace("shop-web")
	for name, servers := range map[string][]any{"good": {map[string]any{"port": map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}, "hosts": []any{"a.example"}}}, "bad": {}} {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
			"metadata": map[string]any{"name": name}, "spec": map[string]any{"servers": servers}}}
		_, err := gateways.Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if (err == nil) != (name == "good") {
			t.Errorf("a %s Gateway: %v", name, err)
		}
	}
}

// shop are the objects of the shop's namespaces.
func (s snapshot) shop() snapshot {
	out := snapshot{}
	for name, value := range s {
		if strings.Contains(name, " shop-") || strings.Contains(name, "/shop-") {
			out[name] = value
		}
	}
	return out
}
