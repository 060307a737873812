// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"slices"
	"testing"
)

// owns returns the owner reference of a controller.
func owns(kind, name, uid string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(uid), Controller: &yes}}
}

func named(namespace, name, uid string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)}
}

// podWithProxy returns a running pod with a proxy, or without one if plain.
func podWithProxy(namespace, name string, owner []metav1.OwnerReference, plain bool) corev1.Pod {
	p := corev1.Pod{ObjectMeta: named(namespace, name, "uid-"+name), Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	p.OwnerReferences = owner
	p.Annotations = map[string]string{"istio.io/rev": "old"}
	p.Spec.Containers = []corev1.Container{{Name: "app"}}
	if !plain {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "istio-proxy", Image: "proxyv2:1.29.1"})
	}
	return p
}

func deployed(namespace, name, uid string, labels map[string]string) controller {
	d := &appsv1.Deployment{ObjectMeta: named(namespace, name, uid)}
	d.Spec.Template.Labels = labels
	return deployment(d)
}

func TestWorkloads(t *testing.T) {
	finished := podWithProxy("free", "done", nil, false)
	finished.Status.Phase = corev1.PodFailed
	draining := podWithProxy("bound", "web-0-z", owns("ReplicaSet", "web-0", "rs-gone"), false)
	draining.Labels = map[string]string{"pod-template-hash": "0"}
	pods := []corev1.Pod{
		podWithProxy("bound", "web-1-a", owns("ReplicaSet", "web-1", "rs-web"), false),
		podWithProxy("bound", "web-1-b", owns("ReplicaSet", "web-1", "rs-web"), true),
		podWithProxy("free", "nightly-1-x", owns("Job", "nightly-1", "job-1"), false),
		podWithProxy("free", "roll-1-x", owns("ReplicaSet", "roll-1", "rs-roll"), false),
		podWithProxy("free", "bare", nil, false),
		podWithProxy("free", "plain", nil, true),
		podWithProxy("kube-system", "agent", nil, false),
		finished,
		draining,
	}
	r := readings{
		namespaces: []mesh.Namespace{{Name: "bound", Labels: map[string]string{"istio.io/rev": "old"}}, {Name: "free"}},
		deployments: []controller{
			deployed("bound", "web", "d-web", nil),
			deployed("bound", "sleeping", "d-sleeping", nil),
			deployed("free", "asks", "d-asks", map[string]string{"sidecar.istio.io/inject": "true"}),
			deployed("free", "declines", "d-declines", map[string]string{"sidecar.istio.io/inject": "false"}),
			deployed("free", "unrelated", "d-unrelated", nil),
			deployed("kube-system", "dns", "d-dns", map[string]string{"istio.io/rev": "old"}),
		},
		owners: ownerChain{},
		newest: newestTemplates{},
	}
	for _, link := range []metav1.ObjectMeta{
		{UID: "rs-web", Namespace: "bound", OwnerReferences: owns("Deployment", "web", "d-web")},
		{UID: "job-1", Namespace: "free", OwnerReferences: owns("CronJob", "nightly", "cron")},
		{UID: "rs-roll", Namespace: "free", OwnerReferences: owns("Rollout", "roll", "rollout")},
	} {
		r.owners.add(&link)
	}
	for i := range pods {
		if p, ok := podOf(&pods[i]); ok {
			r.pods = append(r.pods, p)
		}
	}
	got := map[string]int{}
	for _, w := range r.workloads() {
		got[string(w.Ref())] = len(w.Pods)
	}
	want := map[string]int{
		"Deployment bound/web": 3, "Deployment bound/sleeping": 0, "Deployment free/asks": 0,
		"CronJob free/nightly": 1, "Rollout free/roll": 1, "Pod free/bare": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workloads and their pods (-want +got):\n%s", diff)
	}
}

func TestUnknownKind(t *testing.T) {
	bare := podWithProxy("free", "bare", nil, false)
	bare.Labels = map[string]string{"app": "bare"}
	p, _ := podOf(&bare)
	w := unknownKind([]pod{p})
	if !w.Rollout.OnDelete || w.Rollout.Done || w.Replicas != 1 {
		t.Errorf("got %+v of %d pods", w.Rollout, w.Replicas)
	}
	if _, injected := w.Template.Annotations["istio.io/rev"]; injected || w.Template.Labels["app"] != "bare" {
		t.Errorf("its template is %+v: what injection wrote is no part of it", w.Template)
	}
	if !slices.ContainsFunc(w.Pods, func(p mesh.Pod) bool { return p.Sidecar.Revision == "old" && p.Current }) {
		t.Errorf("its pods are %+v", w.Pods)
	}
}
