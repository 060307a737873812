// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"slices"
	"testing"
)

// testPodSelectors reads what selects pods, with the namespaces in which it does.
func testPodSelectors(t *testing.T, c *fixture) {
	createNamespace(t, c, "chosen", nil)
	createNamespace(t, c, "chooser", map[string]string{"who": "chooser"})
	web := metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: networkingv1.NetworkPolicySpec{PodSelector: web,
		Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &web}}}},
		Egress: []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{{PodSelector: &web,
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"who": "chooser"}}}}}}}}
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "b"}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: &web}}
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: web.MatchLabels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}},
	}
	none, by := int32(0), client.Creating
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "r"},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &none, Selector: &web, Template: template},
	}
	daemons := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "d"}, Spec: appsv1.DaemonSetSpec{Selector: &web, Template: template}}
	replication := &corev1.ReplicationController{
		ObjectMeta: metav1.ObjectMeta{Name: "c"},
		Spec:       corev1.ReplicationControllerSpec{Replicas: &none, Template: &template},
	}
	for _, made := range []func() error{
		func() error {
			return errOf(c.api.NetworkingV1().NetworkPolicies("chosen").Create(t.Context(), policy, by))
		},
		func() error {
			return errOf(c.api.PolicyV1().PodDisruptionBudgets("chosen").Create(t.Context(), budget, by))
		},
		func() error { return errOf(c.api.AppsV1().ReplicaSets("chosen").Create(t.Context(), set, by)) },
		func() error { return errOf(c.api.AppsV1().DaemonSets("chosen").Create(t.Context(), daemons, by)) },
		func() error {
			return errOf(c.api.CoreV1().ReplicationControllers("chosen").Create(t.Context(), replication, by))
		},
	} {
		if err := made(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := c.reader().podSelectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := readings{
		selectors:  list,
		namespaces: []mesh.Namespace{{Name: "chosen"}, {Name: "chooser", Labels: map[string]string{"who": "chooser"}}},
	}.selectorsByNamespace()
	selector := mesh.Selector{{Key: "app", Operator: mesh.In, Values: []string{"web"}}}
	peers := mesh.PodSelector{Subject: "NetworkPolicy chosen/p", Part: "its egress peers", Selector: selector, Effect: mesh.SetsPolicy}
	want := map[string][]mesh.PodSelector{
		"chosen": {
			{Subject: "DaemonSet chosen/d", Selector: selector, Effect: mesh.OwnsOrphans},
			{Subject: "NetworkPolicy chosen/p", Selector: selector, Effect: mesh.SetsPolicy},
			{Subject: "NetworkPolicy chosen/p", Part: "its ingress peers", Selector: selector, Effect: mesh.SetsPolicy},
			{Subject: "PodDisruptionBudget chosen/b", Selector: selector, Effect: mesh.CountsReady},
			{Subject: "ReplicaSet chosen/r", Selector: selector, Effect: mesh.OwnsOrphans},
			{Subject: "ReplicationController chosen/c", Selector: selector, Effect: mesh.OwnsOrphans}},
		"chooser": {peers},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("what goes by labels (-made +read):\n%s", diff)
	}
}

func errOf[T any](_ T, err error) error { return err }

// Istio's kinds select pods by labels in fields of their own. An object in the root
// namespace selects pods of all namespaces.
func TestIstioSelectsPods(t *testing.T) {
	object := func(namespace string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"namespace": namespace, "name": "o"}, "spec": spec}}
	}
	web := map[string]any{"app": "web"}
	s := &selectorCollector{root: "istio-system"}
	for _, o := range []struct {
		kind, namespace string
		spec            map[string]any
	}{
		{"AuthorizationPolicy", "shop", map[string]any{"selector": map[string]any{"matchLabels": web}}},
		{"AuthorizationPolicy", "shop", map[string]any{}},
		{"Sidecar", "istio-system", map[string]any{"workloadSelector": map[string]any{"labels": web}}},
		{"DestinationRule", "shop", map[string]any{"workloadSelector": map[string]any{"matchLabels": web}}},
		{"TrafficExtension", "shop", map[string]any{"selector": map[string]any{"matchLabels": web}}},
		{"ServiceEntry", "istio-system", map[string]any{"workloadSelector": map[string]any{"labels": web}}},
	} {
		n := slices.IndexFunc(istio.WorkloadSelectors(), func(x istio.WorkloadSelector) bool { return x.Kind.Name == o.kind })
		s.addIstio(istio.WorkloadSelectors()[n], object(o.namespace, o.spec))
	}
	var got []string
	for _, one := range s.list {
		got = append(got, one.Subject+" "+string(one.Effect)+" in "+one.namespace)
		if !one.Selector.Matches(map[string]string{"app": "web"}) || one.Selector.Matches(nil) {
			t.Errorf("%s goes by %v", one.Subject, one.Selector)
		}
	}
	want := []string{"AuthorizationPolicy shop/o rules in shop", "Sidecar istio-system/o rules in ", "DestinationRule shop/o rules in shop",
		"TrafficExtension shop/o rules in shop", "ServiceEntry istio-system/o sends in istio-system"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
