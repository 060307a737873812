// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// The objects of a gateway are not part of the removal of a revision, whichever labels they
// still have of it. istioctl uninstall would delete some of them.
func TestRemovalLeavesObjectsOfGateways(t *testing.T) {
	of := func(component string, owners []metav1.OwnerReference) *metav1.ObjectMeta {
		labels := map[string]string{
			mesh.RevisionLabel: "old", "app.kubernetes.io/managed-by": "Helm", "operator.istio.io/managed": "Reconcile",
		}
		if component != "" {
			labels[istio.ComponentLabel] = component
		}
		return &metav1.ObjectMeta{Namespace: "istio-ingress", Name: "front", UID: "1", Labels: labels, OwnerReferences: owners}
	}
	gateway := []metav1.OwnerReference{{APIVersion: "gateway.networking.k8s.io/v1", Kind: "Gateway", Name: "edge"}}
	for _, c := range []struct {
		name    string
		object  *metav1.ObjectMeta
		removed bool
	}{
		{"istiod's own", of(istio.Pilot, nil), true},
		{"rendered by istioctl, ingress", of("IngressGateways", nil), false},
		{"rendered by istioctl, egress", of("EgressGateways", nil), false},
		{"of the Gateway API", of(istio.Pilot, gateway), false},
		{"of the chart gateway", of("", nil), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, kind := range []string{"Deployment", "Service", "ServiceAccount", "Role", "RoleBinding", "PodDisruptionBudget",
				"HorizontalPodAutoscaler"} {
				var w mesh.World
				if b, is := componentOf(kind, c.object); is {
					w.Components = append(w.Components, b)
				}
				if got := len(w.ComponentsOf("old")) > 0; got != c.removed {
					t.Errorf("%s: got removed %t, want %t", kind, got, c.removed)
				}
			}
		})
	}
}

// A gateway that a Helm release renders beside an istiod stays out of the removal of that
// istiod, also where the manifest does not say which chart rendered it.
func TestRemovalLeavesGatewaysOfARelease(t *testing.T) {
	const service = "---\n# Source: mesh/charts/gateway/templates/service.yaml\n" +
		"apiVersion: v1\nkind: Service\nmetadata: {name: ingress, labels: {istio.io/rev: old}}\n"
	objects, err := parseManifest(istiodDocument + gatewayDocument + service)
	if err != nil {
		t.Fatal(err)
	}
	for _, named := range []bool{true, false} {
		for i := range objects {
			if !named {
				objects[i].chart = ""
			}
		}
		for _, p := range planesIn(objects) {
			for _, o := range p.objects {
				if o.GetName() == "ingress" {
					t.Errorf("with charts named %t: got %s ingress among the objects of istiod, want none", named, o.GetKind())
				}
			}
		}
	}
}
