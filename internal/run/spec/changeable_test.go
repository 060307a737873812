// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
)

// TestRulesAdd: rules of a command line come after those on record, and are not
// doubled.
func TestRulesAdd(t *testing.T) {
	a, b := v1alpha1.WorkloadRule{Name: "a", Way: "evict"}, v1alpha1.WorkloadRule{Name: "b", Way: "leave"}
	kept := Spec{Workloads: []v1alpha1.WorkloadRule{a}, Trial: "in-service"}
	for _, c := range []struct {
		asked []v1alpha1.WorkloadRule
		file  string
		want  []v1alpha1.WorkloadRule
	}{
		{[]v1alpha1.WorkloadRule{b}, "", []v1alpha1.WorkloadRule{a, b}},
		{[]v1alpha1.WorkloadRule{a, b}, "", []v1alpha1.WorkloadRule{a, b}},
		{[]v1alpha1.WorkloadRule{b}, "move.yaml", []v1alpha1.WorkloadRule{b}},
		{nil, "move.yaml", nil},
	} {
		got, changes := Merge(Spec{Workloads: c.asked}, kept, Stated{Fields: map[string]bool{"workloads": true}, File: c.file})
		if diff := cmp.Diff(c.want, got.Workloads); diff != "" || len(changes) != 1 || got.Trial != "in-service" {
			t.Errorf("%v from %q: %v, trial %q (-want +got):\n%s", c.asked, c.file, changes, got.Trial, diff)
		}
	}
}
