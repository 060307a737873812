// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

var validatingWebhooks = resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations")

// savedCopies selects the Secrets with the saved copies of the old revision.
const savedCopies = "rerig.dev/kept=" + oldRevision

// removalArgs returns the arguments of an upgrade of the shop that removes the old
// revision at its end.
func removalArgs(t *testing.T, more ...string) []string {
	t.Helper()
	args := installArgs(t, "--remove-old", "--waves", "1")
	for _, ns := range shopNamespaces {
		args = append(args, "-n", ns)
	}
	return slices.Concat(args, more)
}

// TestOldRevisionIsRemovedWhenUnused removes the old revision once nothing refers to it,
// and restores it. rerig is killed once in each direction.
func TestOldRevisionIsRemovedWhenUnused(t *testing.T) {
	l := ownLab(t, "a Job's pod, a WorkloadEntry, a route and a pod in an unlabelled namespace refer to the old revision; without them "+
		"it is removed, and restored", "removal")
	l.reset(t)
	l.deleteGateways(t)
	before := l.snapshot(t, bindingFields())
	l.createReferences(t)

	planned := l.rerig(t, planArgs(removalArgs(t))...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "ValidatingWebhookConfiguration istio-validator-stable", "once revision 1-31-0 is installed, point it there")
	planned.requireOutput(t, "After the waves", "remove Deployment istio-system/istiod-1-29-1",
		"remove MutatingWebhookConfiguration istio-sidecar-injector-1-29-1",
		"remove ConfigMap istio-system/istio-1-29-1", "Old revision still in use", "WorkloadEntry vms/legacy")
	for _, shared := range []string{"remove ValidatingWebhookConfiguration istio-validator-stable", "remove CustomResourceDefinition",
		"remove MutatingWebhookConfiguration istio-revision-tag", "remove Secret", "remove Deployment istio-system/istio-ingressgateway"} {
		if strings.Contains(unwrap(planned.text), shared) {
			t.Errorf("the plan would %s:\n%s", shared, planned.text)
		}
	}

	for _, holder := range []struct {
		subject string
		frees   func()
	}{
		{"Pod forgotten/alone", func() { l.deleteAndWait(t, "pods", "forgotten", "alone") }},
		{"Job shop-core/report", func() { l.deleteAndWait(t, "jobs", "shop-core", "report") }},
		{"ValidatingWebhookConfiguration istio-validator-stable", func() { l.redirectValidator(t, "istio-validator-stable") }},
		{"VirtualService shop-core/routes", func() { l.deleteAndWait(t, "virtualservices", "shop-core", "routes") }},
		{"WorkloadEntry vms/legacy", func() { l.deleteAndWait(t, "workloadentries", "vms", "legacy") }},
	} {
		held := l.rerig(t, removalArgs(t)...)
		held.requireExit(t, exitHeld)
		held.requireOutput(t, "Held at "+holder.subject+" (CheckFailed)", "revision 1-29-1 is still used by", "What to do")
		if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+oldRevision)) != 1 {
			t.Fatalf("%s uses it, and it is gone", holder.subject)
		}
		holder.frees()
	}
	l.requirePlacement(t, everywhere(newRevision))

	g := newGate(t, l.config)
	args := removalArgs(t, "--lease-duration", lease)
	began := time.Now()
	killed := g.killAt(t, args, removalWrite(4))
	gone := start(t, g.kubeconfig, args...).end(t, runTimeout)
	gone.requireExit(t, exitDone)
	gone.text = killed.text + gone.text
	gone.requireOutput(t, "removed Deployment istio-system/istiod-1-29-1 of revision 1-29-1", "dry run passed, pod in shop-web",
		"dry run passed, configuration")
	t.Logf("removal, killed once: %s", short(time.Since(began)))
	l.requireRemoved(t)
	l.requireAdmission(t)
	l.requirePhase(t, "Completed")

	l.waitLeaseExpired(t)
	args = rollbackArgs("--lease-duration", lease)
	killed = g.killAt(t, args, removalWrite(3))
	returned := start(t, g.kubeconfig, args...).end(t, runTimeout)
	returned.requireExit(t, exitDone)
	returned.text = killed.text + returned.text // the plan is shown by the command that was killed
	returned.requireOutput(t, "Created again after removal", "never downgraded")
	t.Logf("rollback, killed once: %s", short(killed.took+returned.took))
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).shopOnly().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.shopOnly().withoutRestarts(t))
	if len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+oldRevision)) != 1 {
		t.Error("the control plane of 1-29-1 did not come back")
	}
	l.requirePhase(t, "RolledBack")
}

// TestRemovalKilledAtEveryWrite kills rerig after writes of the removal, and of the
// rollback that restores the revision.
func TestRemovalKilledAtEveryWrite(t *testing.T) {
	l := ownLab(t, "killed after each write of the removal, and of the rollback that restores the revision: the same command continues",
		"killed-removal")
	l.reset(t)
	l.deleteGateways(t)
	moved := l.rerig(t, slices.DeleteFunc(removalArgs(t), func(a string) bool { return a == "--remove-old" })...)
	moved.requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))

	g := newGate(t, l.config)
	kills := g.killAtEach(t, removalArgs(t, "--lease-duration", lease), removalWrite, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	if kills < 5 {
		t.Errorf("it was killed %d times only", kills)
	}
	l.requireRemoved(t)
	l.requireAdmission(t)

	kills = g.killAtEach(t, rollbackArgs("--lease-duration", lease), removalWrite, 1, 2, 3, 4, 5, 6, 7, 8)
	if kills < 3 {
		t.Errorf("rollback: killed %d times, want at least 3", kills)
	}
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "RolledBack")
}

// removalWrite matches the nth write to an object of the old revision, or to a saved copy.
func removalWrite(nth int) func(write) bool {
	return func(w write) bool {
		if !strings.Contains(w.path, oldRevision) && !strings.HasSuffix(w.path, "/secrets") || w.record() {
			return false
		}
		nth--
		return nth == 0
	}
}

// killAt kills a command after the first write that matches, and opens the gate again.
func (g *gate) killAt(t *testing.T, args []string, match func(write) bool) result {
	t.Helper()
	last, e := g.runUntil(t, args, match)
	if last == nil {
		t.Fatalf("it was not killed in time; output:\n%s", e.text)
	}
	g.open()
	return e
}

// killAtEach kills a command after the nth matching write, for each n in turn, and then
// runs it to its end.
func (g *gate) killAtEach(t *testing.T, args []string, counts func(nth int) func(write) bool, each ...int) int {
	t.Helper()
	kills := 0
	for _, n := range each {
		last, e := g.runUntil(t, args, counts(n))
		if last == nil {
			e.requireExit(t, exitDone)
			return kills
		}
		t.Logf("killed after %s", last)
		kills++
	}
	g.open()
	start(t, g.kubeconfig, args...).end(t, runTimeout).requireExit(t, exitDone)
	return kills
}

// createReferences creates references to the old revision that people forget: a Job's
// pod that waits for a node, a WorkloadEntry, a VirtualService labelled for the
// revision, a pod that names it, and a validator made by hand.
func (l *lab) createReferences(t *testing.T) {
	t.Helper()
	l.createValidator(t, "istio-validator-stable")
	own := map[string]any{"istio.io/rev": oldRevision}
	container := []any{map[string]any{"name": "app", "image": "app"}}
	for _, ns := range []string{"forgotten", "vms"} {
		l.createObject(t, "v1", "Namespace", "namespaces", "", ns, nil, nil)
	}
	l.createObject(t, "v1", "Pod", "pods", "forgotten", "alone", own, map[string]any{"containers": container})
	l.createObject(t, "networking.istio.io/v1", "WorkloadEntry", "workloadentries", "vms", "legacy", own,
		map[string]any{"address": "192.0.2.7"})
	l.createObject(t, "networking.istio.io/v1", "VirtualService", "virtualservices", "shop-core", "routes", own,
		map[string]any{"hosts": []any{"a.example"},
			"http": []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{"host": "a.example"}}}}}})
	l.createObject(t, "batch/v1", "Job", "jobs", "shop-core", "report", nil, map[string]any{"template": map[string]any{
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
				return fmt.Errorf("nothing in %s uses %s yet", ns, oldRevision)
			}
		}
		return nil
	})
}

// createValidator creates a validator by hand that calls the old revision for all
// configuration: a copy of the revision's own without its labels and its selector.
func (l *lab) createValidator(t *testing.T, name string) {
	t.Helper()
	validators := l.objects.Resource(validatingWebhooks)
	o, err := validators.Get(t.Context(), "istio-validator-"+oldRevision+"-istio-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, h := range hooks {
		delete(h.(map[string]any), "objectSelector")
	}
	copied := &unstructured.Unstructured{Object: map[string]any{"apiVersion": o.GetAPIVersion(), "kind": o.GetKind(),
		"metadata": map[string]any{"name": name}, "webhooks": hooks}}
	if _, err := validators.Create(t.Context(), copied, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = validators.Delete(context.Background(), name, metav1.DeleteOptions{}) })
}

// redirectValidator points a validator at the new revision with the patch that the plan prints.
func (l *lab) redirectValidator(t *testing.T, name string) {
	t.Helper()
	planned := l.rerig(t, planArgs(removalArgs(t))...)
	printed := regexp.MustCompile(`kubectl patch validatingwebhookconfiguration ` + name + ` --type=json -p '([^']+)'`)
	found := printed.FindStringSubmatch(unwrap(planned.text))
	if found == nil {
		t.Fatalf("no command for %s in:\n%s", name, planned.text)
	}
	if _, err := l.objects.Resource(validatingWebhooks).Patch(t.Context(), name, types.JSONPatchType, []byte(found[1]),
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// deleteGateways deletes the gateways, which still use the old revision.
func (l *lab) deleteGateways(t *testing.T) {
	t.Helper()
	for _, name := range []string{"istio-ingressgateway", "istio-egressgateway"} {
		l.deleteAndWait(t, "deployments", "istio-system", name)
	}
}

// moveDefault moves the default tag with istioctl.
func (l *lab) moveDefault(t *testing.T, revision string) {
	t.Helper()
	l.setTag(t, "default", revision)
}

// createObject creates an object.
func (l *lab) createObject(t *testing.T, version, kind, plural, ns, name string, labels, spec map[string]any) {
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
	if _, err := l.objects.Resource(resource(group, short, plural)).Namespace(ns).Create(t.Context(), o,
		metav1.CreateOptions{}); err != nil {
		t.Fatalf("create %s %s/%s: %v", kind, ns, name, err)
	}
}

// deleteAndWait deletes an object and what it owns, and waits until it is gone.
func (l *lab) deleteAndWait(t *testing.T, plural, ns, name string) {
	t.Helper()
	group := map[string]string{"deployments": "apps", "jobs": "batch", "workloadentries": "networking.istio.io",
		"virtualservices": "networking.istio.io"}[plural]
	r, foreground := resource(group, "v1", plural), metav1.DeletePropagationForeground
	if err := l.objects.Resource(r).Namespace(ns).Delete(t.Context(), name,
		metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		t.Fatalf("delete %s %s/%s: %v", plural, ns, name, err)
	}
	eventually(t, time.Minute, func() error {
		if _, err := l.objects.Resource(r).Namespace(ns).Get(t.Context(), name, metav1.GetOptions{}); err == nil {
			return fmt.Errorf("%s %s/%s is still there", plural, ns, name)
		}
		return nil
	})
}

// requireRemoved requires that only saved copies are left of the old revision, and that
// shared objects exist.
func (l *lab) requireRemoved(t *testing.T) {
	t.Helper()
	for _, r := range slices.Concat(namespacedComponents, clusterComponents) {
		for _, o := range l.list(t.Context(), t, r, "istio.io/rev="+oldRevision+",operator.istio.io/component=Pilot") {
			t.Errorf("%s %s/%s is left of %s", o.GetKind(), o.GetNamespace(), o.GetName(), oldRevision)
		}
	}
	secrets := l.list(t.Context(), t, resource("", "v1", "secrets"), savedCopies)
	if len(secrets) == 0 {
		t.Errorf("got no saved copies of %s", oldRevision)
	}
	for _, s := range secrets { // they outlive the MeshUpgrade
		if len(s.GetOwnerReferences()) != 0 || s.GetLabels()["rerig.dev/run"] == "" {
			t.Errorf("saved copy %s: got owners %v and labels %v, want no owner and the label of its run",
				s.GetName(), s.GetOwnerReferences(), s.GetLabels())
		}
	}
	if len(l.list(t.Context(), t, definitions, "")) < 14 {
		t.Error("Istio's definitions are gone")
	}
	if _, err := l.core.Secrets("istio-system").Get(t.Context(), "istio-ca-secret", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

// requireAdmission requires that pods are created and injected, and that valid
// configuration is accepted and invalid configuration rejected.
func (l *lab) requireAdmission(t *testing.T) {
	t.Helper()
	pods := l.shopPods(t)
	if err := l.core.Pods(pods[0].Namespace).Delete(t.Context(), pods[0].Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	l.waitPlacement(t, everywhere(newRevision))
	gateways := l.objects.Resource(resource("networking.istio.io", "v1", "gateways")).Namespace("shop-web")
	for name, servers := range map[string][]any{"good": {map[string]any{"port": map[string]any{"number": int64(80), "name": "http",
		"protocol": "HTTP"}, "hosts": []any{"a.example"}}}, "bad": {}} {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
			"metadata": map[string]any{"name": name}, "spec": map[string]any{"servers": servers}}}
		_, err := gateways.Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if (err == nil) != (name == "good") {
			t.Errorf("a %s Gateway: %v", name, err)
		}
	}
}

// shopOnly returns the entries of the shop's namespaces.
func (s snapshot) shopOnly() snapshot {
	out := snapshot{}
	for name, value := range s {
		if strings.Contains(name, " shop-") || strings.Contains(name, "/shop-") {
			out[name] = value
		}
	}
	return out
}
