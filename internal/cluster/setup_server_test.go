// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"slices"
	"testing"
)

// testMeshConfig reads mesh configurations without a label, shared ones and missing ones.
func testMeshConfig(t *testing.T, c *fixture) {
	by := client.Creating
	for name, text := range map[string]string{
		"istio-own":    "trustDomain: own\ndiscoverySelectors: [{matchLabels: {mesh: own}}]",
		"istio-both":   "discoverySelectors: [{matchLabels: {mesh: both}}]",
		"common":       "trustDomain: common\ndiscoverySelectors: [{matchLabels: {mesh: common}}]",
		"istio-broken": "trustDomain: [",
	} {
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"mesh": text}}
		if _, err := c.api.CoreV1().ConfigMaps(c.root).Create(t.Context(), m, by); err != nil {
			t.Fatal(err)
		}
	}
	for revision, shared := range map[string]string{"own": "", "both": "common", "bare": "common", "none": "", "broken": ""} {
		labels := map[string]string{"app": istio.App, mesh.RevisionLabel: revision}
		container := corev1.Container{Name: "discovery", Image: "pilot:1.31.0"}
		if shared != "" {
			container.Env = []corev1.EnvVar{{Name: "SHARED_MESH_CONFIG", Value: shared}}
		}
		d := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "istiod-" + revision, Labels: labels},
			Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{container}},
				}},
		}
		if _, err := c.api.AppsV1().Deployments(c.root).Create(t.Context(), d, by); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.api.AppsV1().Deployments(c.root).Delete(t.Context(), d.Name, metav1.DeleteOptions{}) }()
	}
	configMap(t, c, "istio-sidecar-injector-own", map[string]string{mesh.RevisionLabel: "own"}, map[string]string{
		"config": "defaultTemplates: [sidecar]\ntemplates: {sidecar: x, audit: y}\naliases: {both: [sidecar, audit], broken: [gone]}\n",
		"values": `{"global": {"caAddress": ""}}`,
	})
	s, err := c.Setups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]struct{ domain, sees string }{
		"own": {"own", "own"}, "both": {"common", "both"}, "bare": {"common", "common"}, "none": {}, "broken": {},
	} {
		p, _ := s.ControlPlane(revision)
		if p.TrustDomain != want.domain {
			t.Errorf("%s: trust domain %q, want %q", revision, p.TrustDomain, want.domain)
		}
		sees := slices.ContainsFunc(p.Discovery, func(x mesh.Selector) bool { return x.Matches(map[string]string{"mesh": want.sees}) })
		if sees != (want.sees != "") || len(p.Discovery) > 1 {
			t.Errorf("%s: it discovers %v", revision, p.Discovery)
		}
	}
	own, _ := s.ControlPlane("own")
	if want := []string{"audit", "sidecar", "both"}; !slices.Equal(own.Templates.Names, want) ||
		!slices.Equal(own.Templates.Defaults, []string{"sidecar"}) {
		t.Errorf("templates: got %+v, want %v", own.Templates, want)
	}
	if want := []string{"istiod-own.istio-system.svc", "istiod.istio-system.svc"}; !slices.Equal(own.Hosts, want) {
		t.Errorf("hosts: got %v, want %v", own.Hosts, want)
	}
}
