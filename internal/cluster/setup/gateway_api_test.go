// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// The defaults of a class are the same if their data is.
func TestClassDefaultsAreRead(t *testing.T) {
	found := planes{}
	for revision, text := range map[string]string{"a": "spec: 1", "b": "spec: 1", "c": "spec: 2"} {
		found.addConfigMap(&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Name: "istio-" + revision + "-gatewayclass-istio", Labels: map[string]string{mesh.RevisionLabel: revision, classLabel: "istio"},
			},
			Data: map[string]string{"deployment": text},
		})
	}
	a, b, c := found["a"].ClassDefaults, found["b"].ClassDefaults, found["c"].ClassDefaults
	if len(a) != 1 || a[0].Name != "istio-a-gatewayclass-istio" || a[0].Class != "istio" || a[0].Revision != "a" || !a[0].Created.IsZero() {
		t.Fatalf("got %+v, want one of class istio and revision a", a)
	}
	if a[0].Content != b[0].Content || a[0].Content == c[0].Content {
		t.Errorf("content: got %q, %q and %q, want the first two equal alone", a[0].Content, b[0].Content, c[0].Content)
	}
}

func TestGatewayDefinitionsAreRead(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"tlsroutes.gateway.networking.k8s.io", true},
		{"xlistenersets.gateway.networking.x-k8s.io", true},
		{"gateways.networking.istio.io", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, is := gatewayDefinition(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: c.name, Annotations: map[string]string{
				"gateway.networking.k8s.io/bundle-version": "v1.5.0", "gateway.networking.k8s.io/channel": "standard",
			}}})
			want := mesh.GatewayDefinition{Name: c.name, Bundle: "v1.5.0", Channel: "standard"}
			if is != c.want || d != want {
				t.Errorf("got %+v, %t, want %+v, %t", d, is, want, c.want)
			}
		})
	}
}
