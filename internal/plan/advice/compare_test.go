// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// A setting that the new control plane does not have is noted as lost, once: by the value that sets it, if
// there is one. A changed one, and one that only the new one has, differ.
func TestLostSettingsAreNoted(t *testing.T) {
	setting := func(group mesh.SettingGroup, key, value string) mesh.Setting {
		return mesh.Setting{Group: group, Key: key, Value: value}
	}
	w := mesh.World{Revisions: []mesh.Revision{{Name: "1-29-1"}}} // 1-31-0 is not installed yet
	s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{
		{Revision: "1-29-1", TrustDomain: "cluster.local", Settings: []mesh.Setting{
			setting(mesh.UserValues, "meshConfig.outboundTrafficPolicy.mode", "REGISTRY_ONLY"),
			setting(mesh.MeshConfig, "outboundTrafficPolicy.mode", "REGISTRY_ONLY"),
			setting(mesh.MeshConfig, "accessLogFile", "/dev/stdout"),
			setting(mesh.MeshConfig, "connectTimeout", "5s"),
			setting(mesh.Images, "istiod", "registry.example.com/mesh/pilot"),
			setting(mesh.Environment, "PILOT_PUSH_THROTTLE", "77"),
			setting(mesh.Templates, "audit", "sha256 1"),
			setting(mesh.Resources, "autoscaler.maxReplicas", "9"),
		}},
		{Revision: "1-31-0", TrustDomain: "cluster.local", Settings: []mesh.Setting{
			setting(mesh.MeshConfig, "connectTimeout", "7s"),
			setting(mesh.MeshConfig, "enableTracing", "true"),
			setting(mesh.Images, "istiod", "docker.io/istio/pilot"),
		}},
	}}
	got := map[step.NoteKind][]string{}
	for _, n := range advice.Compare(w, s, step.Target{Revision: "1-31-0"}, []string{"1-29-1"}) {
		got[n.Kind] = append(got[n.Kind], n.Subject+" "+n.Evidence)
		if n.Kind == step.LostSetting && n.Remedy == "" {
			t.Errorf("%s has no remedy", n.Subject)
		}
	}
	want := map[step.NoteKind][]string{
		step.LostSetting: {
			"values as the user set them: meshConfig.outboundTrafficPolicy.mode REGISTRY_ONLY -> (not set)",
			"mesh configuration: accessLogFile /dev/stdout -> (not set)",
			"image registry: istiod registry.example.com/mesh/pilot -> docker.io/istio/pilot",
			"istiod's environment and arguments: PILOT_PUSH_THROTTLE 77 -> (not set)",
			"injection templates: audit sha256 1 -> (not set)",
		},
		step.Differs: {
			"mesh configuration: connectTimeout 5s -> 7s",
			"mesh configuration: enableTracing (not set) -> true",
			"istiod's resources and scaling: autoscaler.maxReplicas 9 -> (not set)",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
