// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testContestedGateways reads the Gateways that the unnamed revision and that of the tag
// default claim. Where the Deployment does not have the label of its Gateway, the Gateway is
// asked.
func testContestedGateways(t *testing.T, c *fixture) {
	kindServed(t, c, istio.APIGateways.Group, istio.APIGateways.Version, "Gateway", istio.APIGateways.Resource)
	createWebhook(t, c, istio.DefaultRevision)
	createWebhook(t, c, "1-31-0")
	createDeployment(t, c, "istiod", map[string]string{"app": istio.App, mesh.RevisionLabel: istio.DefaultRevision}, nil)
	createDeployment(t, c, "istiod-1-31-0", map[string]string{"app": istio.App, mesh.RevisionLabel: "1-31-0"}, nil)
	moveDefault(t, c, istio.DefaultRevision, "1-31-0")
	defer moveDefault(t, c, "1-31-0", istio.DefaultRevision)
	for name, labels := range map[string]map[string]any{"plain": {}, "labelled": {mesh.RevisionLabel: "1-31-0"}} {
		createInRoot(t, c, istio.APIGateways, "Gateway", name, map[string]any{"labels": labels})
		createDeployment(t, c, name+"-istio", nil, map[string]string{
			mesh.GatewayLabel: name, mesh.ManagedLabel: "istio.io-gateway-controller",
		})
	}
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !w.GatewayAPI || len(w.Contested) != 1 || w.Contested[0].Name != "plain" || w.Contested[0].Unread != "" ||
		!slices.Equal(w.Contested[0].Revisions, []string{"1-31-0", istio.DefaultRevision}) {
		t.Errorf("Gateway API %t, contested: got %+v, want the Gateway plain by both revisions", w.GatewayAPI, w.Contested)
	}
}

// testGatewayAPISettings reads the defaults of a class, with and without a revision, and the
// definitions of the Gateway API.
func testGatewayAPISettings(t *testing.T, c *fixture) {
	const label = "gateway.istio.io/defaults-for-class"
	configMap(t, c, "mine", map[string]string{label: "istio"}, map[string]string{"deployment": "spec: {}"})
	configMap(t, c, "istio-classes-gatewayclass-istio", map[string]string{label: "istio", mesh.RevisionLabel: "classes"}, nil)
	s, err := c.Setups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	of, _ := s.ControlPlane("classes")
	for revision, list := range map[string][]mesh.ClassDefaults{"": s.ClassDefaults, "classes": of.ClassDefaults} {
		if len(list) != 1 || list[0].Class != "istio" || list[0].Revision != revision || list[0].Created.IsZero() {
			t.Errorf("defaults of revision %q: got %+v, want one of class istio, with its time", revision, list)
		}
	}
	gateways := istio.APIGateways.Resource + "." + istio.APIGateways.Group
	if !slices.ContainsFunc(s.GatewayDefinitions, func(d mesh.GatewayDefinition) bool { return d.Name == gateways }) {
		t.Errorf("definitions: got %+v, want %s among them", s.GatewayDefinitions, gateways)
	}
}

// createDeployment creates a Deployment with these labels, and others of its pods, in the root
// namespace.
func createDeployment(t *testing.T, c *fixture, name string, labels, podLabels map[string]string) {
	t.Helper()
	one := int32(1)
	pod := map[string]string{"name": name}
	maps.Copy(pod, podLabels)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: appsv1.DeploymentSpec{
		Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"name": name}},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Image: "proxyv2", Args: []string{"proxy", "router"}}}}},
	}}
	if _, err := c.api.AppsV1().Deployments(c.root).Create(t.Context(), d, client.Creating); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.api.AppsV1().Deployments(c.root).Delete(context.Background(), name, metav1.DeleteOptions{})
	})
}
