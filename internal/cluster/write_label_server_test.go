// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"net/http"
	"slices"
	"testing"
	"time"
)

// labelChange returns a change from one binding to another.
func labelChange(t *testing.T, name string, from, to mesh.Binding) step.Change {
	t.Helper()
	label := step.Step{Kind: step.Label, Subject: step.Subject(name), From: from.String(), To: to.String()}
	change, err := plan.Render(label, step.Target{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return change[0]
}

func testLabel(t *testing.T, c *fixture) {
	enabled := mesh.Binding{Injection: mesh.Label{Set: true, Value: "enabled"}}
	_, err := c.api.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop",
		Labels: map[string]string{
			"istio-injection": "enabled",
			"team":            "blue",
		}}}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"})
	if err != nil {
		t.Fatal(err)
	}
	change := labelChange(t, "shop", enabled, mesh.BindingTo("1-31-0"))
	if err := c.Write(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	found, err := c.api.CoreV1().Namespaces().Get(t.Context(), "shop", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"istio.io/rev": "1-31-0", "team": "blue", "kubernetes.io/metadata.name": "shop"}
	if diff := cmp.Diff(want, found.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"f:metadata f:labels f:istio.io/rev"}, fields(t, found.ManagedFields)); diff != "" {
		t.Errorf("what rerig manages (-want +got):\n%s", diff)
	}
	if err := c.Write(t.Context(), change); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("from a binding that is not there any more: %v", err)
	}
	change.Name = "nowhere"
	if err := c.Write(t.Context(), change); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("of a namespace that is not there: %v", err)
	}
}

// fields returns the fields that the field manager rerig owns.
func fields(t *testing.T, managed []metav1.ManagedFieldsEntry) []string {
	t.Helper()
	var leaves []string
	var walk func(path string, v map[string]any)
	walk = func(path string, v map[string]any) {
		for key, value := range v {
			if below, ok := value.(map[string]any); ok && len(below) > 0 {
				walk(path+key+" ", below)
			} else if key != "." {
				leaves = append(leaves, path+key)
			}
		}
	}
	for _, m := range managed {
		if m.Manager == v1alpha1.FieldManager {
			var tree map[string]any
			if err := json.Unmarshal(m.FieldsV1.GetRawBytes(), &tree); err != nil {
				t.Fatal(err)
			}
			walk("", tree)
		}
	}
	slices.Sort(leaves)
	return leaves
}

// testConflict lets another client write between the read and the write.
func testConflict(t *testing.T, c *fixture, admin *rest.Config) {
	createNamespace(t, c, "raced", map[string]string{"istio.io/rev": "a"})
	between := &recorder{}
	between.before = func(r *http.Request) {
		if r.Method == http.MethodPatch {
			if err := c.Write(context.Background(), labelChange(t, "raced", mesh.BindingTo("a"), mesh.BindingTo("theirs"))); err != nil {
				t.Error(err)
			}
		}
	}
	ours := connected(t, between.on(admin))
	if err := ours.Write(
		t.Context(),
		labelChange(t, "raced", mesh.BindingTo("a"), mesh.BindingTo("ours")),
	); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("wrote over another tool's label: got %v, want a conflict", err)
	}
	found, err := c.api.CoreV1().Namespaces().Get(t.Context(), "raced", metav1.GetOptions{})
	if err != nil || found.Labels["istio.io/rev"] != "theirs" {
		t.Errorf("after: %v, %v", found.Labels, err)
	}
}
