// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/step"
)

func TestOtherMeshIsLeftOutAndNamedOnce(t *testing.T) {
	w, in := plantest.WithOtherMesh(plantest.World(), false), plantest.IntentForAll()
	target := plantest.Forward(t, w, in, step.Ledger{})
	if got := target.Namespaces(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("namespaces: got %v, want those of this mesh", got)
	}
	if got := selection.RevisionsInUse(w, target); !slices.Equal(got, []string{"1-29-1"}) {
		t.Errorf("revisions whose CA is compared: got %v, want 1-29-1", got)
	}
	settings := mesh.ControlPlaneSettings{Configs: []mesh.PartialConfig{
		{Subject: "EnvoyFilter team-b/lua", Proxies: []string{`^1\.29.*`}}, {Subject: "Sidecar a/default", Revision: "blue"},
	}}
	notes := append(plan.Make(w, target, step.Ledger{}).Notes, advice.Compare(w, settings, target, []string{"1-29-1"})...)
	var named []string
	for _, n := range notes {
		if text := n.Subject + n.Text + n.Evidence + n.Remedy; strings.Contains(text, "mesh-b") || strings.Contains(text, "blue") ||
			strings.Contains(text, "team-b") {
			named = append(named, string(n.Kind))
		}
	}
	if !slices.Equal(named, []string{string(step.OtherMesh)}) {
		t.Errorf("notes that name the other mesh: got %v, want one of kind %s", named, step.OtherMesh)
	}
}

func TestSelectionsOfAnotherMeshAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name     string
		world    mesh.World
		in       step.Intent
		wantText string
	}{
		{
			name: "a namespace of another mesh", world: plantest.WithOtherMesh(plantest.World(), false),
			in: step.Intent{Namespaces: []string{"team-b"}}, wantText: "run the same command with --istio-namespace mesh-b",
		},
		{
			name: "a namespace that two meshes inject", world: plantest.WithOtherMesh(plantest.World(), true),
			in: step.Intent{}, wantText: `namespace "a" is labelled istio-injection=enabled, and the webhooks of two meshes`,
		},
		{
			name: "a selector that matches only namespaces of another mesh", world: plantest.WithOtherMesh(plantest.World(), false),
			in:       step.Intent{Selector: &mesh.Selector{{Key: mesh.RevisionLabel, Operator: mesh.In, Values: []string{"blue"}}}},
			wantText: "namespaces of another mesh are left out: to move those, run the same command with --istio-namespace mesh-b",
		},
		{
			name: "what is left of a mesh that was installed again in another namespace", in: step.Intent{},
			world:    plantest.WithOtherMesh(mesh.World{RootNamespace: "istio-system", Revisions: []mesh.Revision{{Name: "1-29-1"}}}, false),
			wantText: "run the same command with --istio-namespace mesh-b",
		},
		{
			name:  "the root namespace was not named",
			world: plantest.WithOtherMesh(mesh.World{RootNamespace: "istio-system"}, false), in: step.Intent{},
			wantText: "no Istio control plane was found in namespace istio-system (no istiod, and no injection webhook that calls one there). " +
				"Injection webhooks call the istiod in namespace mesh-b: run the same command with --istio-namespace mesh-b",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.Revision, tc.in.Installable = "1-31-0", true
			_, err := plan.ForwardTarget(tc.world, tc.in, step.Ledger{})
			if err == nil || !strings.Contains(err.Error(), tc.wantText) {
				t.Errorf("error: got %v, want %q", err, tc.wantText)
			}
		})
	}
	_, err := plan.ForwardTarget(plantest.WithOtherMesh(mesh.World{RootNamespace: "istio-system"}, false),
		step.Intent{Run: "r", Revision: "1-31-0"}, step.Ledger{Waves: [][]string{{"a"}}})
	if err == nil || !strings.Contains(err.Error(), "--istio-namespace mesh-b") {
		t.Errorf("error of a run that has begun: got %v, want the namespace of the other mesh", err)
	}
}
