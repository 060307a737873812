// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// Annotations of a Gateway that istiod reads: pkg/config/kube/gatewaycommon @1.31.0.
const (
	serviceType    = "networking.istio.io/service-type"
	nameOverride   = "gateway.istio.io/name-override"
	serviceAccount = "gateway.istio.io/service-account"
	controller     = "gateway.istio.io/controller-version"
	restartedAt    = "kubectl.kubernetes.io/restartedAt"
	lastApplied    = "kubectl.kubernetes.io/last-applied-configuration"
)

// certManager begins the annotations by which cert-manager would issue a certificate.
const certManager = "cert-manager.io/"

// shadowOf returns a Gateway like another one, of another name and the wanted revision. Its
// istiod deploys it with the template that it would give the other one. Its Service is
// reached in the cluster only.
func shadowOf(g *unstructured.Unstructured, revision string, owner metav1.OwnerReference) *unstructured.Unstructured {
	s := &unstructured.Unstructured{Object: map[string]any{"apiVersion": g.GetAPIVersion(), "kind": g.GetKind()}}
	s.SetNamespace(g.GetNamespace())
	s.SetName(ShadowName(g.GetName()))
	s.SetOwnerReferences([]metav1.OwnerReference{owner})
	labels := maps.Clone(g.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	labels[mesh.RevisionLabel] = revision
	s.SetLabels(labels)
	annotations := map[string]string{serviceType: string(corev1.ServiceTypeClusterIP)}
	for key, value := range g.GetAnnotations() {
		if copied(key) {
			annotations[key] = value
		}
	}
	s.SetAnnotations(annotations)
	spec, _, _ := unstructured.NestedMap(g.Object, "spec") // a deep copy; a Gateway without one does not exist
	delete(spec, "addresses")
	s.Object["spec"] = spec
	return s
}

// copied reports whether a shadow has an annotation of its Gateway.
func copied(key string) bool {
	switch key {
	case serviceType, nameOverride, serviceAccount, controller, lastApplied:
		return false
	}
	return !strings.HasPrefix(key, certManager)
}

// templateFor returns the template that the shadow's istiod would give a Gateway's
// Deployment, once the Gateway's own label is the given one; nil for none.
func templateFor(g *unstructured.Unstructured, deployment, shadow *appsv1.Deployment, label *string) (corev1.PodTemplateSpec, error) {
	var t corev1.PodTemplateSpec
	text, err := json.Marshal(shadow.Spec.Template)
	if err != nil {
		return t, fmt.Errorf("copy the template of Deployment %s/%s: %w", shadow.Namespace, shadow.Name, err)
	}
	renamed := strings.NewReplacer(shadow.Name, deployment.Name, ShadowName(g.GetName()), g.GetName()).Replace(string(text))
	if err := json.Unmarshal([]byte(renamed), &t); err != nil {
		return t, fmt.Errorf("copy the template of Deployment %s/%s: %w", shadow.Namespace, shadow.Name, err)
	}
	infrastructure, _, _ := unstructured.NestedMap(g.Object, "spec", "infrastructure")
	if _, own := infrastructure["labels"]; !own {
		delete(t.Labels, mesh.RevisionLabel)
		if label != nil {
			t.Labels[mesh.RevisionLabel] = *label
		}
	}
	if _, own := infrastructure["annotations"]; !own {
		delete(t.Annotations, serviceType)
		for key, value := range g.GetAnnotations() {
			if key == serviceType || strings.HasPrefix(key, certManager) {
				t.Annotations[key] = value
			}
		}
	}
	if at := deployment.Spec.Template.Annotations[restartedAt]; at != "" {
		t.Annotations[restartedAt] = at // by kubectl rollout restart; istiod leaves it
	}
	if account := g.GetAnnotations()[serviceAccount]; account != "" {
		t.Spec.ServiceAccountName, t.Spec.DeprecatedServiceAccount = account, account
	}
	return t, nil
}

// ownerGateway returns the name of the Gateway for which istiod has deployed a Deployment,
// "" for none.
func ownerGateway(d *appsv1.Deployment) string {
	for _, r := range d.OwnerReferences {
		if r.Kind == "Gateway" && strings.HasPrefix(r.APIVersion, istio.APIGateways.Group+"/") {
			return r.Name
		}
	}
	return ""
}
