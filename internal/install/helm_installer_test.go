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

func TestHelmDraftSaysWhatAnInstallWouldDo(t *testing.T) {
	d, err := helmInstaller(map[string]any{"hub": "docker.io/mine"}).Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	var needs []string
	for _, n := range d.Permissions {
		needs = append(needs, n.Verb+" "+n.Resource+" "+n.Namespace)
	}
	for _, want := range []string{"create deployments istio-system", "patch services istio-system", "get clusterroles ", "update secrets istio-system", "list mutatingwebhookconfigurations "} {
		if !slices.Contains(needs, want) {
			t.Errorf("%q is not among the needs: %q", want, needs)
		}
	}
	d.Permissions = nil
	want := Draft{Revision: "1-31-0", Version: "1.31.0", ChartVersion: "1.31.0", By: "Helm, chart istiod 1.31.0, as release istiod-1-31-0",
		Namespace: "istio-system", Image: "docker.io/mine/pilot:1.31.0", Objects: 3, File: "hub: docker.io/mine\nrevision: 1-31-0\nrevisionTags: []\n"}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
}

func TestHelmDraftRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		values            map[string]any
		revision, version string
		fault             string
	}{
		"a gateway":           {map[string]any{"gateway": true}, "1-31-0", "", "Deployment istio-system/istio-ingressgateway"},
		"another revision's":  {map[string]any{"revision": "x"}, "1-31-0", "", `for revision "x"`},
		"tags":                {map[string]any{"revisionTags": []any{"prod"}}, "1-31-0", "", "take them out"},
		"another version":     {nil, "1-30-0", "1.30.0", "installs Istio 1.31.0"},
		"an image of another": {map[string]any{"tag": "1.30.0"}, "1-31-0", "", "names version 1.31.0"},
	} {
		_, err := helmInstaller(c.values).Draft(t.Context(), c.revision, c.version)
		if c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}

// What is of other hands would make Helm stumble, and is named before.
func TestHelmKeepsToItsOwn(t *testing.T) {
	i := helmInstaller(nil)
	mine := map[string]string{releaseAnnotation: "istiod-1-31-0", releaseNamespaceAnnotation: "istio-system"}
	deployment := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0")
	service := object("v1", "Service", "istio-system", "istiod-1-31-0")
	for name, c := range map[string]struct {
		on    map[string]string
		fault string
	}{
		"its own":           {mine, ""},
		"nobody's":          {nil, "Deployment istio-system/istiod-1-31-0 (of no Helm release)"},
		"another release's": {withAnnotation(mine, releaseAnnotation, "istio"), "(of Helm release istio-system/istio)"},
		"elsewhere":         {withAnnotation(mine, releaseNamespaceAnnotation, "mesh"), "(of Helm release mesh/istiod-1-31-0)"},
	} {
		found := deployment.DeepCopy()
		found.SetAnnotations(c.on)
		i.Cluster = fakeCluster(found)
		err := i.checkOwnership(t.Context(), "1-31-0", []*unstructured.Unstructured{deployment, service})
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v; want %q", name, err, c.fault)
		}
	}
}

func withAnnotation(pairs map[string]string, key, value string) map[string]string {
	pairs = maps.Clone(pairs)
	pairs[key] = value
	return pairs
}

// CRDs that know less than the new istiod are said, and those that know more are fine.
func TestOlderDefinitionsAreSaid(t *testing.T) {
	i := helmInstaller(nil)
	wanted, err := i.baseCRDs(t.Context(), "1.31.0")
	if err != nil || len(wanted) != 2 {
		t.Fatalf("%v, %v", wanted, err)
	}
	more := wanted[0].DeepCopy()
	if err := unstructured.SetNestedSlice(more.Object, append([]any{map[string]any{"name": "v2"}}, crdVersions(more)...), "spec", "versions"); err != nil {
		t.Fatal(err)
	}
	less := wanted[0].DeepCopy()
	version := crdVersions(less)[0].(map[string]any)
	unstructured.RemoveNestedField(version, "schema", "openAPIV3Schema", "properties", "spec", "properties", "servers", "items", "properties", "tls")
	_ = unstructured.SetNestedSlice(less.Object, []any{version}, "spec", "versions")
	for name, c := range map[string]struct {
		live []*unstructured.Unstructured
		said string
	}{
		"the same": {wanted, ""},
		"newer":    {[]*unstructured.Unstructured{more, wanted[1]}, ""},
		"older":    {[]*unstructured.Unstructured{less, wanted[1]}, "gateways.networking.istio.io (lacks v1.spec.servers.tls)"},
		"missing":  {wanted[:1], "sidecars.networking.istio.io (not there)"},
	} {
		i.Cluster = fakeCluster(c.live...)
		d := Draft{Version: "1.31.0", ChartVersion: "1.31.0"}
		if err := i.noteOlderCRDs(t.Context(), &d); err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(d.Notes, "\n"); c.said == "" && said != "" || !strings.Contains(said, c.said) {
			t.Errorf("%s: %q", name, said)
		}
	}
	i.Chart.Ref = "testdata/charts/mesh"
	d := Draft{Version: "1.31.0", ChartVersion: "1.31.0"}
	if err := i.noteOlderCRDs(t.Context(), &d); err != nil || !strings.Contains(strings.Join(d.Notes, ""), "is not known") {
		t.Errorf("a chart without a base: %v, %q", err, d.Notes)
	}
}

func crdVersions(definition *unstructured.Unstructured) []any {
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	return versions
}
