// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// gatewayOf returns a Gateway with labels, annotations and an infrastructure.
func gatewayOf(labels, annotations map[string]string, infrastructure map[string]any) *unstructured.Unstructured {
	g := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"spec": map[string]any{"gatewayClassName": "istio", "infrastructure": infrastructure, "addresses": []any{"x"}}}}
	g.SetNamespace("edge")
	g.SetName("front")
	g.SetUID("u1")
	g.SetLabels(labels)
	g.SetAnnotations(annotations)
	return g
}

func TestShadowOfAGateway(t *testing.T) {
	g := gatewayOf(map[string]string{"istio.io/rev": "prod", "team": "web"}, map[string]string{
		serviceType: "LoadBalancer", nameOverride: "x", "cert-manager.io/issuer": "ca", lastApplied: "{}", "note": "n",
	}, map[string]any{"labels": map[string]any{"a": "b"}})
	s := shadowOf(g, "1-31-0", metav1.OwnerReference{Kind: "MeshUpgrade", Name: "run"})
	want := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"spec": map[string]any{"gatewayClassName": "istio", "infrastructure": map[string]any{"labels": map[string]any{"a": "b"}}}}}
	want.SetNamespace("edge")
	want.SetName(ShadowName("front"))
	want.SetOwnerReferences([]metav1.OwnerReference{{Kind: "MeshUpgrade", Name: "run"}})
	want.SetLabels(map[string]string{"istio.io/rev": "1-31-0", "team": "web"})
	want.SetAnnotations(map[string]string{serviceType: "ClusterIP", "note": "n"})
	if diff := cmp.Diff(want.Object, s.Object); diff != "" {
		t.Errorf("shadow (-want +got):\n%s", diff)
	}
	if !IsShadow(s.GetName()) || IsShadow("front") {
		t.Errorf("IsShadow: got %t for the shadow and %t for its Gateway", IsShadow(s.GetName()), IsShadow("front"))
	}
}

// The template of a shadow becomes that of its Gateway: by its names, its labels and
// annotations, and what kubectl rollout restart has added.
func TestTemplateOfAShadow(t *testing.T) {
	shadow := ShadowName("front")
	deployed := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: shadow + "-istio", Namespace: "edge"}}
	deployed.Spec.Template = corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{
			Labels: map[string]string{"gateway.networking.k8s.io/gateway-name": shadow, "istio.io/rev": "1-31-0",
				"service.istio.io/canonical-name": shadow + "-istio"},
			Annotations: map[string]string{"istio.io/rev": "1-31-0", serviceType: "ClusterIP"},
		},
		Spec: corev1.PodSpec{ServiceAccountName: shadow + "-istio", Containers: []corev1.Container{{
			Name: "istio-proxy", Env: []corev1.EnvVar{{Name: "ISTIO_META_WORKLOAD_NAME", Value: shadow + "-istio"}},
		}}},
	}
	own := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "front-istio", Namespace: "edge"}}
	own.Spec.Template.Annotations = map[string]string{restartedAt: "noon"}
	label := "1-31-0"
	for _, c := range []struct {
		name                    string
		gateway                 *unstructured.Unstructured
		label                   *string
		wantLabel, wantType     string
		wantAccount, wantIssuer string
	}{
		{name: "plain, without a label", gateway: gatewayOf(nil, nil, nil), wantAccount: "front-istio"},
		{name: "plain, with a label", gateway: gatewayOf(nil, nil, nil), label: &label, wantLabel: "1-31-0", wantAccount: "front-istio"},
		{
			name: "annotations", gateway: gatewayOf(nil, map[string]string{serviceType: "LoadBalancer", "cert-manager.io/issuer": "ca"}, nil),
			wantType: "LoadBalancer", wantAccount: "front-istio", wantIssuer: "ca",
		},
		{
			name:    "infrastructure of its own",
			gateway: gatewayOf(nil, nil, map[string]any{"labels": map[string]any{"a": "b"}, "annotations": map[string]any{"c": "d"}}),
			label:   new(string), wantLabel: "1-31-0", wantType: "ClusterIP", wantAccount: "front-istio",
		},
		{name: "a ServiceAccount", gateway: gatewayOf(nil, map[string]string{serviceAccount: "sa"}, nil), wantAccount: "sa"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := templateFor(c.gateway, own, deployed, c.label)
			if err != nil {
				t.Fatal(err)
			}
			for what, pair := range map[string][2]string{
				"gateway's name":     {got.Labels["gateway.networking.k8s.io/gateway-name"], "front"},
				"canonical name":     {got.Labels["service.istio.io/canonical-name"], "front-istio"},
				"label istio.io/rev": {got.Labels["istio.io/rev"], c.wantLabel},
				"revision":           {got.Annotations["istio.io/rev"], "1-31-0"},
				"type of Service":    {got.Annotations[serviceType], c.wantType},
				"issuer":             {got.Annotations["cert-manager.io/issuer"], c.wantIssuer},
				"restart":            {got.Annotations[restartedAt], "noon"},
				"ServiceAccount":     {got.Spec.ServiceAccountName, c.wantAccount},
				"environment":        {got.Spec.Containers[0].Env[0].Value, "front-istio"},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
				}
			}
		})
	}
}
