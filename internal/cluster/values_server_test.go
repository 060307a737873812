// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
)

// testStoredValues stores, reads, replaces and deletes the values of a run.
func testStoredValues(t *testing.T, c *fixture) {
	const name, password = "rerig-values-stores-0123456789", "hunter2-correct-horse"
	u := v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "stores"}, Spec: v1alpha1.MeshUpgradeSpec{Revision: "1-31-0",
		Install: v1alpha1.SecretValues{Name: name, Key: "operator", SHA256: "0123"}.Raw()}}
	created, err := c.Create(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(created)
	if reference, stored := v1alpha1.SecretValuesOf(created.Spec.Install); err != nil || !stored || reference.Name != name {
		t.Errorf("the API server did not keep the reference: %s", content)
	}
	if _, err := c.StoredValues(t.Context(), name); !errors.Is(err, record.ErrNoValues) {
		t.Errorf("before they are stored: got %v, want %v", err, record.ErrNoValues)
	}

	entries := map[string][]byte{"operator": []byte(`{"password":"` + password + `"}`)}
	for range 2 { // stored again they stay
		if err := c.StoreValues(t.Context(), created, name, entries); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.StoredValues(t.Context(), name)
	if diff := cmp.Diff(entries, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	s := secretNamed(t, c, name)
	if len(s.OwnerReferences) != 1 || s.OwnerReferences[0].UID != created.UID || s.Immutable == nil || !*s.Immutable {
		t.Errorf("owners %v, immutable %v; want an immutable Secret of the record", s.OwnerReferences, s.Immutable)
	}

	replaced := map[string][]byte{"operator": []byte(`{}`)} // as after somebody wrote another Secret of that name
	if err := c.StoreValues(t.Context(), created, name, replaced); err != nil {
		t.Fatal(err)
	}
	if got, err = c.StoredValues(t.Context(), name); err != nil || string(got["operator"]) != "{}" {
		t.Errorf("replaced: got %s, %v", got["operator"], err)
	}
	for range 2 {
		if err := c.DeleteValues(t.Context(), name); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if _, err := c.StoredValues(t.Context(), name); !errors.Is(err, record.ErrNoValues) {
		t.Errorf("after they were deleted: got %v, want %v", err, record.ErrNoValues)
	}

	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string][]byte{"a": []byte("b")}}
	if _, err := c.Clients().CoreV1().Secrets(c.root).Create(t.Context(), foreign, client.Creating); err != nil {
		t.Fatal(err)
	}
	err = c.StoreValues(t.Context(), created, name, entries)
	if err == nil || !strings.Contains(err.Error(), "Rerig did not create it") || errors.Is(err, engine.ErrConflict) {
		t.Errorf("a Secret of another tool: got %v, want a refusal", err)
	}
	if err := c.DeleteValues(t.Context(), name); err != nil || string(secretNamed(t, c, name).Data["a"]) != "b" {
		t.Errorf("a Secret of another tool was deleted: %v", err)
	}
}

func secretNamed(t *testing.T, c *fixture, name string) *corev1.Secret {
	t.Helper()
	s, err := c.Clients().CoreV1().Secrets(c.root).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
