// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

func TestGatewayIsRead(t *testing.T) {
	const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge, labels: {istio.io/rev: 1-29-1}}
status:
  addresses: [{type: Hostname, value: front.edge}, {type: IPAddress, value: 192.0.2.1}]
  conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "True"}]
  listeners: [{name: http, attachedRoutes: 2}, {name: tls, attachedRoutes: 1}]
`
	item := unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &item.Object); err != nil {
		t.Fatal(err)
	}
	got, err := objectOf(item, func(*metav1.ObjectMeta) string { return "Argo CD application edge" })
	if err != nil {
		t.Fatal(err)
	}
	want := mesh.APIGatewayObject{
		Name: "front", Label: mesh.Label{Set: true, Value: "1-29-1"}, LabelManagedBy: "Argo CD application edge",
		Status: mesh.GatewayStatus{Programmed: true, Addresses: []string{"192.0.2.1", "front.edge"}, Routes: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Gateway (-want +got):\n%s", diff)
	}
}
