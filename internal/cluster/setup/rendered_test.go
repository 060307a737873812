// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

func manifest(t *testing.T, texts ...string) []*unstructured.Unstructured {
	t.Helper()
	var list []*unstructured.Unstructured
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// The settings of a control plane are read from its manifest as they are from a cluster.
func TestSettingsOfAManifest(t *testing.T) {
	const labels = "labels: {app: istiod, istio.io/rev: 1-31-0}"
	got, err := NewReader(nil, "istio-system").Rendered(t.Context(), "1-31-0", manifest(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-1-31-0, `+labels+`}
spec:
  template:
    spec:
      containers:
      - name: discovery
        image: registry.example.com:5000/mesh/pilot:1.31.0
        args: [discovery]
        env:
        - {name: REVISION, value: 1-31-0}
        - {name: SHARED_MESH_CONFIG, value: common}
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}`, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, labels: {app: other, istio.io/rev: 1-31-0}}
spec: {replicas: 7}`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: common}
data: {mesh: "trustDomain: prod"}`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-1-31-0, `+labels+`}
data: {mesh: "defaultConfig: {discoveryAddress: istiod-1-31-0.istio-system.svc:15012}"}`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: values-1-31-0, `+labels+`}
data:
  original-values: '{"revision": "1-31-0", "revisionTags": ["prod"], "pilot": {"env": {"A": "b"}}, "defaultRevision": "x", "base": {"c": 1},
    "hub": "registry.example.com:5000/mesh", "global": {"tag": "1.31.0", "caAddress": "istiod-1-31-0.istio-system.svc:15012"}}'`, `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: istiod-1-31-0, `+labels+`}
spec: {maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: istiod-1-31-0}}`, `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: istiod-1-29-1, labels: {app: istiod, istio.io/rev: 1-29-1}}
spec: {maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: istiod-1-29-1}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"istiod's resources and scaling: replicas":                       "1",
		"image registry: istiod":                                         "registry.example.com:5000/mesh/pilot",
		"istiod's environment and arguments: REVISION":                   "<revision>",
		"istiod's environment and arguments: SHARED_MESH_CONFIG":         "common",
		"istiod's environment and arguments: POD_NAME":                   "field metadata.name",
		"istiod's environment and arguments: arguments":                  "discovery",
		"mesh configuration: SHARED_MESH_CONFIG: trustDomain":            "prod",
		"mesh configuration: defaultConfig.discoveryAddress":             "istiod.istio-system.svc:15012",
		"values as the user set them: env.A":                             "b",
		"istiod's resources and scaling: autoscaler.maxReplicas":         "5",
		"istiod's resources and scaling: autoscaler.scaleTargetRef.kind": "Deployment",
		"istiod's resources and scaling: autoscaler.scaleTargetRef.name": "istiod",
	}
	settings := map[string]string{}
	for _, s := range got.Settings {
		settings[mesh.Difference{Group: s.Group, Key: s.Key}.Subject()] = s.Value
	}
	if diff := cmp.Diff(want, settings); diff != "" || got.TrustDomain != "prod" || got.Revision != "1-31-0" {
		t.Errorf("revision %s, trust domain %s, settings (-want +got):\n%s", got.Revision, got.TrustDomain, diff)
	}
}

// Defaults that the API server adds to the source of a variable are no difference.
func TestSourcesOfVariablesAreCompared(t *testing.T) {
	source := func(s corev1.EnvVarSource) string { return envValue(corev1.EnvVar{Name: "X", ValueFrom: &s}) }
	field := func(version string) string {
		return source(corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: version, FieldPath: "metadata.name"}})
	}
	limit := func(divisor string) string {
		return source(corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{
			Resource: "limits.cpu", Divisor: resource.MustParse(divisor)}})
	}
	secret := func(key string) string {
		return source(corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: key}})
	}
	if field("") != field("v1") || limit("0") != limit("1") {
		t.Errorf("defaults differ: %q and %q, %q and %q", field(""), field("v1"), limit("0"), limit("1"))
	}
	if secret("a") == secret("b") || secret("a") == field("") {
		t.Error("other sources do not differ")
	}
}

// Istio's own registries are the same one: which of them is the default depends on the version.
func TestRepositoryOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"docker.io/istio/pilot:1.29.1":                           mesh.OwnRegistry,
		"registry.istio.io/release/pilot:1.31.0-distroless":      mesh.OwnRegistry,
		"registry.example.com:5000/mesh/pilot:1.31.0":            "registry.example.com:5000/mesh/pilot",
		"registry.example.com:5000/mesh/pilot@sha256:0123456789": "registry.example.com:5000/mesh/pilot",
		"docker.io/istio/pilot-patched:1":                        "docker.io/istio/pilot-patched",
	} {
		if got := repository(image); got != want {
			t.Errorf("%s: got %s, want %s", image, got, want)
		}
	}
	own, other := mesh.Difference{Group: mesh.Images, Old: mesh.OwnRegistry, New: "x"}, mesh.Difference{Group: mesh.Images, Old: "x", New: "y"}
	if own.Lost() || !other.Lost() {
		t.Errorf("got lost %t and %t, want only another registry than Istio's lost", own.Lost(), other.Lost())
	}
}
