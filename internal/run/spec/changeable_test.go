// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
)

// Rules of flags come after the recorded ones and are not repeated; those of a file
// replace them.
func TestRulesOfFlagsAreAppended(t *testing.T) {
	a, b := v1alpha1.WorkloadRule{Name: "a", Strategy: "evict"}, v1alpha1.WorkloadRule{Name: "b", Strategy: "leave"}
	recorded := Spec{Workloads: []v1alpha1.WorkloadRule{a}, Trial: "in-service"}
	for _, c := range []struct {
		name  string
		asked []v1alpha1.WorkloadRule
		file  string
		want  []v1alpha1.WorkloadRule
	}{
		{name: "another rule", asked: []v1alpha1.WorkloadRule{b}, want: []v1alpha1.WorkloadRule{a, b}},
		{name: "the same and another", asked: []v1alpha1.WorkloadRule{a, b}, want: []v1alpha1.WorkloadRule{a, b}},
		{name: "of a file", asked: []v1alpha1.WorkloadRule{b}, file: "move.yaml", want: []v1alpha1.WorkloadRule{b}},
		{name: "none of a file", file: "move.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stated := Stated{Fields: map[string]bool{"workloads": true}, File: c.file}
			got, changes := Merge(Spec{Workloads: c.asked}, recorded, stated)
			if diff := cmp.Diff(c.want, got.Workloads); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if len(changes) != 1 || got.Trial != "in-service" {
				t.Errorf("got changes %v and trial %q, want one change and the recorded trial", changes, got.Trial)
			}
		})
	}
}
