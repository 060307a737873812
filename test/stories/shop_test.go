// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// shopLabels are the labels that bind the shop's namespaces after its installation.
var shopLabels = map[string]map[string]any{
	"shop-web":  {"istio.io/rev": oldRevision, "istio-injection": nil},
	"shop-core": {"istio.io/rev": oldRevision, "istio-injection": nil},
	"shop-data": {"istio.io/rev": nil, "istio-injection": "enabled"},
}

// shopNamespaces are in the default order of waves: the namespace with the fewest pods
// first.
var shopNamespaces = []string{"shop-web", "shop-data", "shop-core"}

// shopWorkloads are the workloads that move.
var shopWorkloads = []string{
	"Deployment shop-web/web",
	"StatefulSet shop-data/ledger", "Deployment shop-data/rates",
	"Deployment shop-core/cart-v1", "Deployment shop-core/cart-v2", "Deployment shop-core/catalog", "DaemonSet shop-core/notes",
}

// workloadsOf returns the workloads of the shop.
func (l *lab) workloadsOf(t *testing.T) []unstructured.Unstructured {
	t.Helper()
	var all []unstructured.Unstructured
	for _, r := range templated {
		for _, o := range l.list(t.Context(), t, r, "") {
			if slices.Contains(shopNamespaces, o.GetNamespace()) {
				all = append(all, o)
			}
		}
	}
	return all
}

// rolledOut returns an error until all pods of a workload are ready and of its newest
// template.
func rolledOut(o unstructured.Unstructured) error {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, fields...)
		return n
	}
	wanted, made, updated, ready := number("spec", "replicas"), number("status", "replicas"), number("status", "updatedReplicas"),
		number("status", "readyReplicas")
	if o.GetKind() == "DaemonSet" {
		wanted, made = number("status", "desiredNumberScheduled"), number("status", "currentNumberScheduled")
		updated, ready = number("status", "updatedNumberScheduled"), number("status", "numberReady")
	}
	if number("status", "observedGeneration") < o.GetGeneration() || made != wanted || updated != wanted || ready != wanted {
		return fmt.Errorf("%s %s/%s: %d wanted, %d made, %d updated, %d ready", o.GetKind(), o.GetNamespace(), o.GetName(), wanted,
			made, updated, ready)
	}
	return nil
}

// shopPods returns the shop's pods that are not being deleted.
func (l *lab) shopPods(t *testing.T) []corev1.Pod {
	t.Helper()
	var all []corev1.Pod
	for _, ns := range shopNamespaces {
		pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatalf("list the pods of %s: %v", ns, err)
		}
		for _, p := range pods.Items {
			if p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
				all = append(all, p)
			}
		}
	}
	return all
}

// sidecar returns the revision that injected a pod, or "".
func sidecar(p corev1.Pod) string {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == "istio-proxy" {
			return p.Annotations["istio.io/rev"]
		}
	}
	return ""
}

// toJSON marshals fields.
func toJSON(t *testing.T, fields map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
