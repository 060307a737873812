// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/step"
)

// Settings that could not be read on both sides do not differ; a note names them.
func TestCompareNamesUnreadMeshConfiguration(t *testing.T) {
	w := mesh.World{Revisions: []mesh.Revision{{Name: "1-29-1"}, {Name: "1-31-0"}}}
	s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{{Revision: "1-29-1"}, {Revision: "1-31-0"}}}
	var got []string
	for _, n := range advice.Compare(w, s, step.Target{Revision: "1-31-0"}, []string{"1-29-1"}) {
		got = append(got, n.Subject)
	}
	if want := []string{"mesh configuration of revision 1-31-0", "mesh configuration of revision 1-29-1"}; !slices.Equal(got, want) {
		t.Errorf("subjects: got %q, want %q", got, want)
	}
	s.ControlPlanes[0].TrustDomain, s.ControlPlanes[1].TrustDomain = "cluster.local", "cluster.local"
	if list := advice.Compare(w, s, step.Target{Revision: "1-31-0"}, []string{"1-29-1"}); len(list) > 0 {
		t.Errorf("notes on settings that were read: got %+v, want none", list)
	}
}
