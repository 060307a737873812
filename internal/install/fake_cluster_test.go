// SPDX-License-Identifier: Apache-2.0

package install

import (
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"

	"github.com/rerig/rerig/internal/install/process/processtest"
)

// fakeCluster returns a cluster in memory with the objects.
func fakeCluster(objects ...*unstructured.Unstructured) dynamic.Interface {
	kinds := map[schema.GroupVersionResource]string{}
	for _, kind := range append(slices.Clone(prunedKinds), crdKind) {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		kinds[resource] = kind.Kind + "List"
	}
	kinds[podResource] = "PodList"
	var all []runtime.Object
	for _, o := range objects {
		all = append(all, o)
	}
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, all...)
}

// object returns an object with labels, given as pairs. An empty namespace makes it cluster-scoped.
func object(group, kind, namespace, name string, labels ...string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": group, "kind": kind}}
	o.SetNamespace(namespace)
	o.SetName(name)
	pairs := map[string]string{}
	for n := 0; n < len(labels); n += 2 {
		pairs[labels[n]] = labels[n+1]
	}
	o.SetLabels(pairs)
	return o
}

// withProxy gives the pods of an object a proxy with an image.
func withProxy(o *unstructured.Unstructured, image string) *unstructured.Unstructured {
	container := map[string]any{"name": "istio-proxy", "image": image, "args": []any{"proxy", "router"}}
	_ = unstructured.SetNestedSlice(o.Object, []any{container}, "spec", "template", "spec", "containers")
	return o
}

const admission = "admissionregistration.k8s.io/v1"

// defaultTag returns the tag webhook of a mesh installed by istioctl.
func defaultTag() *unstructured.Unstructured {
	return object(admission, "MutatingWebhookConfiguration", "", "istio-revision-tag-default",
		revisionLabel, "1-29-1", tagLabel, "default", "app", "sidecar-injector")
}

// fakeIstioctl returns the path of an istioctl of 1.31.0 that renders the files of testdata. It
// renders the gateway unless a gateway is disabled in its input.
func fakeIstioctl(t *testing.T, install string, more ...string) string {
	t.Helper()
	path := func(name string) string {
		absolute, err := filepath.Abs(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return absolute
	}
	render := "cat " + path("manifest.yaml")
	for _, name := range more {
		render += " " + path(name)
	}
	return processtest.WriteScript(t, `case "$1" in
version) echo '{"clientVersion":{"version":"1.31.0"}}';;
manifest) case "$(cat)" in *"enabled: false"*) ;; *) cat `+path("gateway.yaml")+`;; esac; `+render+`;;
install) `+install+`;;
esac`)
}

func manifestOf(objects ...any) []*unstructured.Unstructured {
	var manifest []*unstructured.Unstructured
	for _, o := range objects {
		manifest = append(manifest, o.(*unstructured.Unstructured))
	}
	return manifest
}
