// SPDX-License-Identifier: Apache-2.0

package install

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The injection templates of a revision are those of its own ConfigMap in the manifest.
func TestTemplatesInManifest(t *testing.T) {
	config := func(name, text string) *unstructured.Unstructured {
		o := object("v1", "ConfigMap", "istio-system", name)
		o.Object["data"] = map[string]any{"config": text}
		return o
	}
	manifest := []*unstructured.Unstructured{
		config("istio-1-31-0", "templates: {other: x}"),
		config("istio-sidecar-injector-1-31-0", "defaultTemplates: [sidecar]\ntemplates: {sidecar: x, audit: y}"),
		config("istio-sidecar-injector-broken", "templates: ["),
	}
	for revision, want := range map[string][]string{"1-31-0": {"audit", "sidecar"}, "broken": nil, "none": nil} {
		if got := templatesIn(manifest, revision); !slices.Equal(got.Names, want) {
			t.Errorf("%s: got %v, want %v", revision, got.Names, want)
		}
	}
}
