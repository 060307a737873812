// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestEveryKindOfBinding upgrades a mesh whose workloads are bound in six different
// forms, and rolls it back.
func TestEveryKindOfBinding(t *testing.T) {
	l := sharedLab(t, "workloads bound by the revision, a tag, the default, and three kinds of pod labels: all are upgraded, and rolled "+
		"back")
	l.createEveryBinding(t)
	before, hooks := l.snapshot(t, bindingFields()), l.snapshot(t,
		allFields()).matching("webhookconfigurations").matching("/istio-revision-tag", "/istiod-default")
	args := installArgs(t, "--wave", "shop-core,shop-web", "--wave", "own,tagged", "--wave", "shop-data,kept",
		"--ready-timeout", "10s")

	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "restart Deployment own/by-tag 1 pod 1-29-1 -> 1-31-0, template label istio.io/rev=1-31-0",
		"tag the default revision: 1-29-1 -> 1-31-0: injection webhook, validation webhook and Service together",
		"tag prod: 1-29-1 -> 1-31-0",
		"restore label of Namespace tagged: istio.io/rev=1-31-0 -> istio.io/rev=prod",
		"label CronJob own/report istio.io/rev=prod -> istio.io/rev=1-31-0: its template, for its next pods",
		"label Deployment own/idle istio.io/rev=1-29-1 -> istio.io/rev=1-31-0: its template, for its next pods",
		"managed by Argo CD application tenants", "Namespace kept istio.io/rev=1-29-1 -> istio.io/rev=1-31-0 (to be committed")
	planned.requireOutput(t, "Labels that another tool may restore", "tagged istio.io/rev=prod, set by Terraform (field manager Terraform)",
		"let it write nothing until the run is complete")

	order := l.watchOrder(t, [][]string{{"shop-core", "shop-web"}, {"own", "tagged"}, {"shop-data", "kept"}})
	held := l.rerig(t, args...)
	held.requireExit(t, exitHeld)
	held.requireOutput(t, "(ForCommit)", "namespace kept is managed by Argo CD application tenants: commit its labels "+
		"istio.io/rev=1-31-0 there")
	l.label(t, "kept", map[string]any{"istio.io/rev": newRevision})
	moved := l.rerig(t, args...)
	moved.requireExit(t, exitDone)
	order()
	t.Logf("upgrade: %s and %s", short(held.took), short(moved.took))

	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.requireSidecars(t, map[string]string{"own/by-revision": newRevision, "own/by-tag": newRevision, "own/by-inject": newRevision,
		"own/bare": "", "own/out": "", "tagged/web": newRevision, "kept/web": newRevision})
	for _, tag := range []string{"default", "prod"} {
		if at := l.tagRevision(t, tag); at != newRevision {
			t.Errorf("tag %s ends at %q", tag, at)
		}
	}
	for ns, want := range map[string]string{"own": "", "tagged": "prod"} {
		if o, err := l.core.Namespaces().Get(t.Context(), ns, metav1.GetOptions{}); err != nil || o.Labels["istio.io/rev"] != want {
			t.Errorf("namespace %s: %v, labelled %v", ns, err, o.Labels)
		}
	}
	l.requireInjection(t)
	l.requireTemplateLabels(t, newRevision, newRevision)

	l.label(t, "kept", map[string]any{"istio.io/rev": oldRevision}) // a commit comes first in a rollback: its wave is the first
	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	returned.requireOutput(t, "pinned Namespace tagged: istio.io/rev=prod -> istio.io/rev=1-31-0",
		"moved the default revision: 1-31-0 -> 1-29-1")
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireTemplateLabels(t, "prod", oldRevision)
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.snapshot(t, allFields()).matching("webhookconfigurations").matching("/istio-revision-tag", "/istiod-default").requireSame(t,
		"tags and the validator", hooks)
}

// createEveryBinding adds workloads that a tag binds, that their own pod labels bind,
// and a namespace that a GitOps tool manages.
func (l *lab) createEveryBinding(t *testing.T) {
	t.Helper()
	l.setTagForTest(t, "prod", oldRevision)
	for ns, labels := range map[string]map[string]string{"own": {}, "tagged": {"istio.io/rev": "prod"},
		"kept": {"istio.io/rev": oldRevision, "argocd.argoproj.io/instance": "tenants"}} {
		l.createNamespace(t, ns, labels)
	}
	for name, labels := range map[string]map[string]any{"by-revision": {"istio.io/rev": oldRevision}, "by-tag": {"istio.io/rev": "prod"},
		"by-inject": {"sidecar.istio.io/inject": "true"}, "out": {"istio.io/rev": oldRevision, "sidecar.istio.io/inject": "false"},
		"bare": {}} {
		l.createLabelledDeployment(t, "own", name, labels)
	}
	l.applyNamespace(t, "tagged", map[string]any{"istio.io/rev": "prod"}, "Terraform")
	l.createLabelledDeployment(t, "tagged", "web", nil)
	l.createLabelledDeployment(t, "kept", "web", nil)
	l.kubectl(t, "-n", "own", "create", "cronjob", "report", "--image", "docker.io/lab/report", "--schedule", "0 0 1 1 *")
	l.patch(t, cronJobs, "own", "report", map[string]any{"spec": map[string]any{
		"jobTemplate": templateLabels(map[string]any{"istio.io/rev": "prod"})}})
	l.createLabelledDeployment(t, "own", "idle", map[string]any{"istio.io/rev": oldRevision})
	l.patch(t, deployments, "own", "idle", map[string]any{"spec": map[string]any{"replicas": 0}})
	for _, w := range []string{"own/by-revision", "own/by-tag", "own/by-inject", "own/out", "own/bare", "tagged/web", "kept/web"} {
		ns, name, _ := strings.Cut(w, "/")
		l.waitRolledOut(t, ns, name)
	}
}

// applyNamespace applies labels of a namespace on the server as a field manager.
func (l *lab) applyNamespace(t *testing.T, name string, labels map[string]any, manager string) {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": name, "labels": labels}}}
	as := metav1.ApplyOptions{FieldManager: manager, Force: true}
	if _, err := l.objects.Resource(namespaces).Apply(t.Context(), name, o, as); err != nil {
		t.Fatal(err)
	}
}

var cronJobs = resource("batch", "v1", "cronjobs")

// requireTemplateLabels requires the revision labels of templates without pods.
func (l *lab) requireTemplateLabels(t *testing.T, report, idle string) {
	t.Helper()
	for _, c := range []struct {
		resource schema.GroupVersionResource
		name     string
		want     string
		path     []string
	}{
		{resource: cronJobs, name: "report", want: report,
			path: []string{"spec", "jobTemplate", "spec", "template", "metadata", "labels", "istio.io/rev"}},
		{resource: deployments, name: "idle", want: idle, path: []string{"spec", "template", "metadata", "labels", "istio.io/rev"}},
	} {
		o, err := l.objects.Resource(c.resource).Namespace("own").Get(t.Context(), c.name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := unstructured.NestedString(o.Object, c.path...); got != c.want {
			t.Errorf("the template of %s %s names %q, want %q", c.resource.Resource, c.name, got, c.want)
		}
	}
}

// createLabelledDeployment creates a Deployment of one pod with these labels on its
// template.
func (l *lab) createLabelledDeployment(t *testing.T, ns, name string, more map[string]any) {
	t.Helper()
	if l.createDeployment(t, ns, name); len(more) == 0 {
		return
	}
	l.patch(t, deployments, ns, name, templateLabels(more))
}

// requireSidecars requires the sidecar revisions of Deployments' pods, by
// namespace/name.
func (l *lab) requireSidecars(t *testing.T, want map[string]string) {
	t.Helper()
	for key, revision := range want {
		ns, name, _ := strings.Cut(key, "/")
		for _, p := range l.podsOf(t, ns, name) {
			if got := sidecar(p); got != revision {
				t.Errorf("pod %s/%s carries %q, want %q", ns, p.Name, got, revision)
			}
		}
	}
}

func (l *lab) podsOf(t *testing.T, ns, name string) []corev1.Pod {
	t.Helper()
	list, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("the pods of %s/%s: %v, %d", ns, name, err, len(list.Items))
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// requireInjection requires that a new pod bound by the default, and one bound by the
// tag, get the new revision.
func (l *lab) requireInjection(t *testing.T) {
	t.Helper()
	for ns, name := range map[string]string{"shop-data": "fresh", "tagged": "fresh"} {
		l.createDeployment(t, ns, name)
		l.waitRolledOut(t, ns, name)
		l.requireSidecars(t, map[string]string{ns + "/" + name: newRevision})
		if err := l.objects.Resource(deployments).Namespace(ns).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// watchOrder watches the pods. The returned function fails the test if a pod changed its
// revision before all earlier waves had.
func (l *lab) watchOrder(t *testing.T, waves [][]string) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var faults []string
	observations, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			list, err := l.core.Pods("").List(ctx, metav1.ListOptions{})
			if err == nil {
				observations++
				faults = append(faults, movedTooEarly(list.Items, waves)...)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	return func() {
		stop()
		<-done
		if len(faults) > 0 || observations < 10 {
			t.Errorf("%d observations; moved too early: %v", observations, faults)
		}
	}
}

// movedTooEarly returns the pods on the new revision whose wave is after that of a pod
// on the old one.
func movedTooEarly(pods []corev1.Pod, waves [][]string) []string {
	behind := len(waves)
	at := func(p corev1.Pod) int {
		return slices.IndexFunc(waves, func(w []string) bool { return slices.Contains(w, p.Namespace) })
	}
	for _, p := range pods {
		if i := at(p); i >= 0 && sidecar(p) == oldRevision && p.DeletionTimestamp == nil {
			behind = min(behind, i)
		}
	}
	var names []string
	for _, p := range pods {
		if i := at(p); i > behind && sidecar(p) == newRevision {
			names = append(names, fmt.Sprintf("%s/%s", p.Namespace, p.Name))
		}
	}
	return names
}

// matching returns the entries whose names contain one of these parts.
func (s snapshot) matching(parts ...string) snapshot {
	out := snapshot{}
	for name, value := range s {
		if slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) }) {
			out[name] = value
		}
	}
	return out
}
