// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// An istiod that was installed without a revision claims what has no label, also once the
// default is moved.
func TestNotesNameGatewaysOfAnUnnamedRevision(t *testing.T) {
	for _, tc := range []struct {
		name   string
		in     func(*step.Intent)
		world  func(*mesh.World)
		wanted bool
	}{
		{name: "the default moves", wanted: true},
		{name: "without the Gateway API", world: func(w *mesh.World) { w.GatewayAPI = false }},
		{name: "the default stays", in: func(in *step.Intent) { in.Tags = step.KeepTags }},
		{name: "the old control plane is removed", in: func(in *step.Intent) { in.Remove = true }},
		{name: "no istiod of it runs", world: func(w *mesh.World) { w.Revisions[0].Replicas, w.Revisions[0].Istiods = 0, nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, in := plantest.UntaggedWorld(), plantest.IntentForAll()
			w.GatewayAPI = true
			if tc.world != nil {
				tc.world(&w)
			}
			if tc.in != nil {
				tc.in(&in)
			}
			target := plantest.Forward(t, w, in, step.Ledger{})
			if in.Remove {
				target.Remove = []string{mesh.DefaultRevision}
			}
			noted := slices.ContainsFunc(advice.Notes(w, target), func(n step.Note) bool {
				return n.Kind == step.GatewayContested && n.Subject == "revision default" && strings.Contains(n.Remedy, "istio.io/rev=1-31-0")
			})
			if noted != tc.wanted {
				t.Errorf("note on Gateways without a label: got %t, want %t", noted, tc.wanted)
			}
		})
	}
}

func TestNotesNameContestedGateways(t *testing.T) {
	w := plantest.UntaggedWorld()
	w.Contested = []mesh.ContestedGateway{{Namespace: "a", Name: "edge", Revisions: []string{"1-30-0", "default"}}}
	notes := advice.ContestedGateways(w, plantest.Forward(t, w, plantest.IntentForAll(), step.Ledger{}))
	want := "give each Gateway to one revision (`kubectl label gateway -n a edge istio.io/rev=1-31-0`), or remove the other control plane"
	if len(notes) != 1 || notes[0].Subject != "Gateway a/edge" || notes[0].Remedy != want {
		t.Errorf("got %+v, want one on Gateway a/edge with the remedy %q", notes, want)
	}
}
