// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"slices"
	"strings"
	"testing"
)

// testCopiesOutliveRun: nothing owns saved copies, also those that Rerig 0.1 saved,
// so that the deletion of the MeshUpgrade does not delete them.
func testCopiesOutliveRun(t *testing.T, c *fixture) {
	approvedRemoval(t, c, "outlived")
	labels := map[string]string{mesh.RevisionLabel: "outlived", istio.ComponentLabel: istio.Pilot}
	secrets := func() []corev1.Secret {
		t.Helper()
		list, err := c.api.CoreV1().Secrets(c.root).List(
			t.Context(),
			metav1.ListOptions{LabelSelector: copiesRunLabel + "=outlived", Limit: client.PageSize},
		)
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("got %d Secrets with copies, %v, want 1", len(list.Items), err)
		}
		return list.Items
	}
	owned := func(when string) {
		t.Helper()
		if owners := secrets()[0].OwnerReferences; len(owners) > 0 {
			t.Errorf("%s: got owners %v, want none", when, owners)
		}
	}
	ownedByRun := func() {
		t.Helper()
		owner, err := c.Owner(t.Context(), "outlived")
		s := secrets()[0]
		s.OwnerReferences = []metav1.OwnerReference{owner}
		if _, err2 := c.api.CoreV1().Secrets(c.root).Update(t.Context(), &s, client.Updating); errors.Join(err, err2) != nil {
			t.Fatal(err, err2)
		}
	}
	configMap(t, c, "istio-outlived", labels, nil)
	removeRevision(t, c, "outlived")
	owned("after the first copy")
	ownedByRun()
	configMap(t, c, "values-outlived", labels, nil)
	removeRevision(t, c, "outlived")
	owned("after another copy")
	ownedByRun()
	if err := c.Write(t.Context(), step.Change{Verb: step.RestoreRevision, Kind: "Revision", Name: "outlived"}); err != nil {
		t.Fatal(err)
	}
	owned("after a rollback")

	path := "/apis/" + v1alpha1.Group + "/" + v1alpha1.Version + "/" + v1alpha1.Resource + "/outlived"
	if err := c.api.JSON.Delete().AbsPath(path).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	all, err := c.Cluster.SavedCopies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s SavedCopies) bool { return s.Run == "outlived" })
	if i < 0 || all[i].Revision != "outlived" || len(all[i].Objects) != 2 || !strings.Contains(all[i].Objects[0], "ConfigMap") {
		t.Fatalf("got copies %+v", all)
	}
	other := all[i]
	other.UID = "another"
	if err := c.DeleteSavedCopies(t.Context(), other); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("another Secret of that name: got %v", err)
	}
	for range 2 { // the second time it is gone
		if err := c.DeleteSavedCopies(t.Context(), all[i]); err != nil {
			t.Error(err)
		}
	}
	all, err = c.Cluster.SavedCopies(t.Context())
	if err != nil || slices.ContainsFunc(all, func(s SavedCopies) bool { return s.Run == "outlived" }) {
		t.Errorf("after their deletion: got %+v, %v", all, err)
	}
}
