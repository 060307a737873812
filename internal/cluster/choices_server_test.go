// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
	"time"
)

// testChoices changes the choices of a recorded run, and removes them. The rest of its
// spec stays.
func testChoices(t *testing.T, c *fixture) {
	begun := v1alpha1.MeshUpgradeSpec{Revision: "r", Await: true, WaveCount: 2, Strategy: "swap"}
	if _, err := c.Create(t.Context(), v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: "chosen"}, Spec: begun}); err != nil {
		t.Fatal(err)
	}
	all := begun
	all.Strategy, all.Trial, all.Tags, all.Labels, all.From = "restart", "in-service", "keep", "explicit", "old"
	all.Workloads = []v1alpha1.WorkloadRule{{Kind: "Deployment", Namespace: "a", Name: "b", Strategy: "leave"}}
	all.MaxParallel, all.RemoveOld, all.RollbackOnFailure = 7, true, true
	all.Soak, all.ReadyTimeout = &metav1.Duration{}, &metav1.Duration{Duration: time.Hour}
	none := begun
	none.Strategy = ""
	for name, want := range map[string]v1alpha1.MeshUpgradeSpec{"all": all, "none": none} {
		if err := c.SetChoices(t.Context(), "chosen", want); err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(t.Context(), "chosen")
		if diff := cmp.Diff(want, got.Spec); err != nil || diff != "" {
			t.Errorf("%s: %v (-asked for +kept):\n%s", name, err, diff)
		}
	}
}
