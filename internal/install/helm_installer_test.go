// SPDX-License-Identifier: Apache-2.0

package install

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func helmInstaller(values map[string]any) HelmInstaller {
	return HelmInstaller{Chart: Chart{Ref: "testdata/charts/istiod", Values: values}, Root: "istio-system"}
}

func TestHelmDraftDescribesInstall(t *testing.T) {
	d, err := helmInstaller(map[string]any{"hub": "docker.io/mine"}).Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	var needs []string
	for _, n := range d.Permissions {
		needs = append(needs, n.Verb+" "+n.Resource+" "+n.Namespace)
	}
	for _, want := range []string{"create deployments istio-system", "patch services istio-system", "get clusterroles ",
		"update secrets istio-system", "list mutatingwebhookconfigurations "} {
		if !slices.Contains(needs, want) {
			t.Errorf("%q is not among the needs: %q", want, needs)
		}
	}
	d.Permissions, d.Rendered, d.Manifest = nil, "", nil
	want := Draft{Revision: "1-31-0", Version: "1.31.0", ChartVersion: "1.31.0", By: "Helm, chart istiod 1.31.0, as release istiod-1-31-0",
		Namespace: "istio-system", Image: "docker.io/mine/pilot:1.31.0", Objects: 3,
		File: "hub: docker.io/mine\nrevision: 1-31-0\nrevisionTags: []\n"}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
}

func TestHelmDraftRefuses(t *testing.T) {
	tests := []struct {
		name              string
		values            map[string]any
		revision, version string
		fault             string
	}{
		{name: "a gateway", values: map[string]any{"gateway": true}, revision: "1-31-0", fault: "Deployment istio-system/istio-ingressgateway"},
		{name: "another revision's", values: map[string]any{"revision": "x"}, revision: "1-31-0", fault: `the values set revision "x"`},
		{name: "tags", values: map[string]any{"revisionTags": []any{"prod"}}, revision: "1-31-0", fault: "Remove revisionTags from the values"},
		{name: "another version", revision: "1-30-0", version: "1.30.0", fault: "installs Istio 1.31.0"},
		{name: "an image of another", values: map[string]any{"tag": "1.30.0"}, revision: "1-31-0", fault: "names version 1.31.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := helmInstaller(tt.values).Draft(t.Context(), tt.revision, tt.version)
			if tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

// Helm would fail on objects that its release does not own, so the draft names them.
func TestHelmRefusesForeignObjects(t *testing.T) {
	i := helmInstaller(nil)
	mine := map[string]string{releaseAnnotation: "istiod-1-31-0", releaseNamespaceAnnotation: "istio-system"}
	deployment := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0")
	service := object("v1", "Service", "istio-system", "istiod-1-31-0")
	tests := []struct {
		name  string
		on    map[string]string
		fault string
	}{
		{name: "its own", on: mine},
		{name: "nobody's", fault: "Deployment istio-system/istiod-1-31-0 (not owned by Helm)"},
		{name: "another release's", on: withAnnotation(mine, releaseAnnotation, "istio"), fault: "(owned by Helm release istio-system/istio)"},
		{name: "elsewhere", on: withAnnotation(mine, releaseNamespaceAnnotation, "mesh"), fault: "(owned by Helm release mesh/istiod-1-31-0)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := deployment.DeepCopy()
			found.SetAnnotations(tt.on)
			i.Cluster = fakeCluster(found)
			err := i.checkOwnership(t.Context(), "1-31-0", []*unstructured.Unstructured{deployment, service})
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("got %v, want %q", err, tt.fault)
			}
		})
	}
}

func withAnnotation(pairs map[string]string, key, value string) map[string]string {
	pairs = maps.Clone(pairs)
	pairs[key] = value
	return pairs
}

// CRDs with fewer fields than those of the new istiod are noted; CRDs with more fields are not.
func TestOlderCRDsAreNoted(t *testing.T) {
	i := helmInstaller(nil)
	wanted, err := i.baseCRDs(t.Context(), "1.31.0")
	if err != nil || len(wanted) != 2 {
		t.Fatalf("%v, %v", wanted, err)
	}
	more := wanted[0].DeepCopy()
	if err := unstructured.SetNestedSlice(more.Object, append([]any{map[string]any{"name": "v2"}}, crdVersions(more)...), "spec",
		"versions"); err != nil {
		t.Fatal(err)
	}
	less := wanted[0].DeepCopy()
	version := crdVersions(less)[0].(map[string]any)
	unstructured.RemoveNestedField(version, "schema", "openAPIV3Schema", "properties", "spec", "properties", "servers", "items",
		"properties", "tls")
	_ = unstructured.SetNestedSlice(less.Object, []any{version}, "spec", "versions")
	tests := []struct {
		name string
		live []*unstructured.Unstructured
		note string
	}{
		{name: "the same", live: wanted},
		{name: "newer", live: []*unstructured.Unstructured{more, wanted[1]}},
		{name: "older", live: []*unstructured.Unstructured{less, wanted[1]}, note: "gateways.networking.istio.io (lacks v1.spec.servers.tls)"},
		{name: "missing", live: wanted[:1], note: "sidecars.networking.istio.io (missing)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i.Cluster = fakeCluster(tt.live...)
			d := Draft{Version: "1.31.0", ChartVersion: "1.31.0"}
			if err := i.noteOlderCRDs(t.Context(), &d); err != nil {
				t.Fatal(err)
			}
			if note := strings.Join(d.Notes, "\n"); tt.note == "" && note != "" || !strings.Contains(note, tt.note) {
				t.Errorf("%q", note)
			}
		})
	}

	i.Chart.Ref = "testdata/charts/mesh"
	d := Draft{Version: "1.31.0", ChartVersion: "1.31.0"}
	if err := i.noteOlderCRDs(t.Context(), &d); err != nil || !strings.Contains(strings.Join(d.Notes, ""), "could not be compared") {
		t.Errorf("a chart without a base: %v, %q", err, d.Notes)
	}
}

func crdVersions(definition *unstructured.Unstructured) []any {
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	return versions
}
