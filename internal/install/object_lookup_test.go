// SPDX-License-Identifier: Apache-2.0

package install

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
)

// The plural of Gateway that a guess returns is gatewaies.
func TestObjectsAreReadByTheServedResource(t *testing.T) {
	gateway := schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "Gateway"}
	sidecar := schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "Sidecar"}
	resource := gateway.GroupVersion().WithResource("gateways")
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.AddSpecific(gateway, resource, gateway.GroupVersion().WithResource("gateway"), meta.RESTScopeNamespace)
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{resource: "GatewayList"})
	existing := object("networking.istio.io/v1", "Gateway", "istio-system", "mesh")
	if err := client.Tracker().Create(resource, existing, "istio-system"); err != nil {
		t.Fatal(err)
	}
	cluster := clusterReader{client: client, mapper: mapper}
	unserved := object("networking.istio.io/v1", "Sidecar", "istio-system", "default")

	found, err := getObjects(t.Context(), cluster, []*unstructured.Unstructured{existing, unserved})
	if err != nil {
		t.Fatal(err)
	}
	if found[0] == nil || found[1] != nil {
		t.Errorf("got %v, want the Gateway and no Sidecar, whose kind is not served", found)
	}
	if got, want := cluster.permission("get", gateway, "x").Resource, "gateways"; got != want {
		t.Errorf("permission for %q, want %q", got, want)
	}
	if got, want := cluster.permission("get", sidecar, "x").Resource, "sidecars"; got != want {
		t.Errorf("permission for %q, want %q", got, want)
	}
}
