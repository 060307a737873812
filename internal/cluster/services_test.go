// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
	"time"
)

// shop returns the readings of one Deployment with two pods. The second one has more
// labels than its template.
func shop(t *testing.T, change func(*appsv1.Deployment, []corev1.Pod), services ...corev1.Service) readings {
	t.Helper()
	d := &appsv1.Deployment{ObjectMeta: named("shop", "web", "d-web")}
	d.Spec.Template.Labels = map[string]string{"app": "web"}
	pods := []corev1.Pod{
		podWithProxy("shop", "web-1-a", owns("ReplicaSet", "web-1", "rs-web"), false),
		podWithProxy("shop", "web-1-b", owns("ReplicaSet", "web-1", "rs-web"), false),
	}
	pods[0].Labels, pods[1].Labels = map[string]string{"app": "web"}, map[string]string{"app": "web", "role": "leader"}
	if change != nil {
		change(d, pods)
	}
	r := readings{namespaces: []mesh.Namespace{{Name: "shop"}}, owners: ownerChain{}, newest: newestTemplates{},
		services: map[string][]mesh.Service{}, keepers: map[mesh.WorkloadRef]string{}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	if d.Name != "" {
		r.deployments = []controller{deployment(d)}
	}
	r.owners.add(&metav1.ObjectMeta{UID: "rs-web", Namespace: "shop", OwnerReferences: owns("Deployment", "web", "d-web")})
	for i := range pods {
		if p, ok := podOf(&pods[i]); ok {
			r.pods = append(r.pods, p)
		}
	}
	for i := range services {
		r.addService(&services[i])
	}
	return r
}

func serving(name string, selector map[string]string) corev1.Service {
	return corev1.Service{ObjectMeta: named("shop", name, "s-"+name), Spec: corev1.ServiceSpec{Selector: selector}}
}

// A Service that selects only some of the pods is partial. An ExternalName selects none.
func TestServicesOfWorkload(t *testing.T) {
	alias := serving("alias", map[string]string{"app": "web"})
	alias.Spec.Type = corev1.ServiceTypeExternalName
	list := shop(
		t,
		nil,
		serving("web", map[string]string{"app": "web"}),
		serving("leader", map[string]string{"role": "leader"}),
		alias,
		serving("other", map[string]string{"app": "other"}),
	).workloads()
	want := []mesh.Service{
		{Name: "web", Address: "UID s-web", Selector: map[string]string{"app": "web"}},
		{Name: "leader", Address: "UID s-leader", Partial: true, Selector: map[string]string{"role": "leader"}},
	}
	if diff := cmp.Diff(want, list[0].Services); diff != "" {
		t.Errorf("its Services (-want +got):\n%s", diff)
	}
	if why := swap.Unfit(list[0]); why == "" {
		t.Error("it is swapped, though its leader's Service would lose its pod")
	}
}

func TestServiceAddress(t *testing.T) {
	s := serving("web", nil)
	s.Spec.ClusterIPs = []string{"10.0.0.1", "fd00::1"}
	s.Spec.Ports = []corev1.ServicePort{{Port: 80, NodePort: 30080}, {Port: 443, NodePort: 30443}, {Port: 9000}}
	s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.2"}, {Hostname: "b.example"}}
	want := "UID s-web; cluster IP 10.0.0.1, fd00::1; load balancer 192.0.2.2, b.example; node ports 30080, 30443"
	if got := serviceAddress(&s); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A pod counts once it has been ready as long as its Deployment requires.
func TestMinReadySeconds(t *testing.T) {
	list := shop(t, func(d *appsv1.Deployment, pods []corev1.Pod) {
		d.Spec.MinReadySeconds = 60
		for i, since := range []int{30, 90} {
			pods[i].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue,
				LastTransitionTime: metav1.NewTime(time.Date(2026, 11, 24, 12, 0, -since, 0, time.UTC))}}
		}
	}).workloads()
	if a, b := list[0].Pods[0], list[0].Pods[1]; !a.NotAvailable || b.NotAvailable || !a.Ready {
		t.Errorf("ready for 30 s: unsteady %t; for 90 s: unsteady %t", a.NotAvailable, b.NotAvailable)
	}
}

// detachedBySwap makes a pod a detached one.
func detachedBySwap(p *corev1.Pod) {
	p.OwnerReferences = nil
	p.Labels[swap.KeepLabel] = "rerig-detached-1"
	p.Annotations[swap.SwapAnnotation] = `{"workload":"Deployment shop/web","run":"r","hash":"h1"}`
}

// A detached pod that has ended is still observed: the swap has to delete it.
func TestDetachedPodThatEnded(t *testing.T) {
	list := shop(t, func(_ *appsv1.Deployment, pods []corev1.Pod) {
		for i := range pods {
			pods[i].Status.Phase = corev1.PodFailed
		}
		detachedBySwap(&pods[1])
	}).workloads()
	detached := list[0].DetachedPods()
	if len(list[0].Pods) != 1 || len(detached) != 1 || detached[0].Name != "web-1-b" || detached[0].Ready || detached[0].Running {
		t.Errorf("its pods are %+v", list[0].Pods)
	}
}

// The Services of a deleted workload still select its detached pods.
func TestServicesOfDeletedWorkload(t *testing.T) {
	list := shop(t, func(d *appsv1.Deployment, pods []corev1.Pod) {
		d.Name = ""
		detachedBySwap(&pods[0])
		detachedBySwap(&pods[1])
	}, serving("web", map[string]string{"app": "web"})).workloads()
	if len(list) != 1 || !list[0].Deleted || len(list[0].Services) != 1 {
		t.Errorf("of what was deleted there is %+v", list)
	}
}
