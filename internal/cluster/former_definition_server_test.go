// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/api/v1alpha1"
)

// testFormerDefinition: the cluster has the definition of version 0.1, and a record
// that it wrote. The record is read; a field that the definition does not know is
// not lost, since the definition is applied first.
func testFormerDefinition(t *testing.T, c *fixture) {
	t.Cleanup(func() {
		if err := c.Define(context.Background()); err != nil {
			t.Error(err)
		}
	})
	applyFormerDefinition(t, c)
	body := `{"apiVersion":"rerig.dev/v1alpha1","kind":"MeshUpgrade","metadata":{"name":"former"},
		"spec":{"revision":"r","way":"swap","workloads":[{"name":"a","way":"evict"}]}}`
	path := "/apis/" + v1alpha1.GroupVersion.String() + "/" + v1alpha1.Resource
	err := c.api.JSON.Post().AbsPath(path).Param("fieldManager", v1alpha1.FieldManager).Body([]byte(body)).Do(t.Context()).Error()
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Get(t.Context(), "former")
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.MeshUpgradeSpec{Revision: "r", Strategy: "swap", Workloads: []v1alpha1.WorkloadRule{{Name: "a", Strategy: "evict"}}}
	if diff := cmp.Diff(want, found.Spec); diff != "" {
		t.Errorf("a record of version 0.1 (-want +got):\n%s", diff)
	}
	want.Strategy = "restart"
	want.Workloads[0].Strategy = "leave"
	for _, write := range []struct {
		name  string
		write func() error
	}{
		{"choices", func() error { return c.SetChoices(t.Context(), "former", want) }},
		{"create", func() error {
			_, err := c.Create(t.Context(), v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "former-created"}, Spec: want})
			return err
		}},
		{"replace", func() error {
			created, err := c.Get(t.Context(), "former-created")
			if err != nil {
				return err
			}
			_, err = c.Replace(t.Context(), created, want)
			return err
		}},
	} {
		applyFormerDefinition(t, c)
		if err := write.write(); err != nil {
			t.Fatalf("%s: %v", write.name, err)
		}
		for _, m := range runsNamed(t, c, "former") {
			if diff := cmp.Diff(want, m.Spec); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", write.name, m.Name, diff)
			}
		}
	}
}

// runsNamed returns the MeshUpgrades whose names start so.
func runsNamed(t *testing.T, c *fixture, prefix string) (found []v1alpha1.MeshUpgrade) {
	t.Helper()
	all, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if strings.HasPrefix(m.Name, prefix) {
			found = append(found, m)
		}
	}
	return found
}

// applyFormerDefinition replaces the definition by that of version 0.1, and waits
// until the API server serves it.
func applyFormerDefinition(t *testing.T, c *fixture) {
	t.Helper()
	content, err := os.ReadFile("testdata/definition-0.1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	body, err := yaml.YAMLToJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	path := "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/meshupgrades.rerig.dev"
	err = c.api.JSON.Patch(types.ApplyPatchType).AbsPath(path).Param("fieldManager", v1alpha1.FieldManager).Param("force", "true").
		Body(body).Do(t.Context()).Error()
	if err != nil {
		t.Fatal(err)
	}
	probe := []byte(`{"apiVersion":"rerig.dev/v1alpha1","kind":"MeshUpgrade","metadata":{"name":"probe"},
		"spec":{"revision":"r","strategy":"swap"}}`)
	for {
		err := c.api.JSON.Post().AbsPath("/apis/"+v1alpha1.GroupVersion.String()+"/"+v1alpha1.Resource).
			Param("fieldManager", v1alpha1.FieldManager).Param("dryRun", "All").Param("fieldValidation", "Strict").
			Body(probe).Do(t.Context()).Error()
		if err != nil && strings.Contains(err.Error(), "unknown field") {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("the former definition is not served")
		}
	}
}
