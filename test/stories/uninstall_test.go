// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resources of a control plane's components: namespaced, and of the cluster.
var (
	namespacedComponents = []schema.GroupVersionResource{
		deployments, resource("", "v1", "configmaps"), resource("", "v1", "serviceaccounts"),
		resource("rbac.authorization.k8s.io", "v1", "roles"), resource("rbac.authorization.k8s.io", "v1", "rolebindings"),
		resource("policy", "v1", "poddisruptionbudgets"), resource("autoscaling", "v2", "horizontalpodautoscalers"),
	}
	clusterComponents = []schema.GroupVersionResource{
		resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"),
		resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"),
		resource("rbac.authorization.k8s.io", "v1", "clusterroles"), resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
	}
)

// uninstall deletes the new revision's control plane. istioctl refuses one that is
// incomplete.
func (l *lab) uninstall(t *testing.T) {
	t.Helper()
	of := metav1.ListOptions{LabelSelector: "istio.io/rev=" + newRevision + ",operator.istio.io/component=Pilot"}
	for _, r := range clusterComponents {
		if err := l.objects.Resource(r).DeleteCollection(t.Context(), metav1.DeleteOptions{}, of); err != nil {
			t.Fatalf("delete the %s of %s: %v", r.Resource, newRevision, err)
		}
	}
	background := metav1.DeletePropagationBackground
	for _, r := range namespacedComponents {
		if err := l.objects.Resource(r).Namespace("istio-system").DeleteCollection(t.Context(),
			metav1.DeleteOptions{PropagationPolicy: &background}, of); err != nil {
			t.Fatalf("delete the %s of %s: %v", r.Resource, newRevision, err)
		}
	}
	// Services cannot be deleted as a collection.
	err := l.core.Services("istio-system").Delete(t.Context(), "istiod-"+newRevision, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatalf("delete the Service of %s: %v", newRevision, err)
	}
}
