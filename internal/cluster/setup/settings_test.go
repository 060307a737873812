// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// Names of the revision and its version are no difference; a changed value is one.
func TestAgainstIgnoresNames(t *testing.T) {
	mesh1 := "defaultConfig:\n  discoveryAddress: istiod-1-29-1.istio-system.svc:15012\n  holdApplicationUntilProxyStarts: true\nextensionProviders: []\n"
	mesh2 := "defaultConfig: {discoveryAddress: istiod-1-31-0.istio-system.svc:15012}\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
	old := mesh.ControlPlane{Revision: "1-29-1", Settings: flattenText(mesh.MeshConfig, mesh1, normalizer("1-29-1", "1.29.1"))}
	is := mesh.ControlPlane{Revision: "1-31-0", Settings: append(flattenText(mesh.MeshConfig, mesh2, normalizer("1-31-0", "1.31.0")),
		flattenText(mesh.UserValues, `{"revision": "1-31-0", "pilot": {"env": {"X": "1"}}}`, normalizer("1-31-0", ""))...)}
	want := []mesh.Difference{
		{Group: mesh.UserValues, Key: "pilot.env.X", New: "1"},
		{Group: mesh.MeshConfig, Key: "defaultConfig.holdApplicationUntilProxyStarts", Old: "true"},
		{Group: mesh.MeshConfig, Key: "outboundTrafficPolicy.mode", New: "REGISTRY_ONLY"},
	}
	if diff := cmp.Diff(want, is.DifferencesFrom(old)); diff != "" {
		t.Error(diff)
	}
	if list := is.DifferencesFrom(is); len(list) > 0 {
		t.Errorf("it differs from itself: %v", list)
	}
}

// A template differs by its text, not by the names in it.
func TestTemplatesDifferByText(t *testing.T) {
	config := func(revision, text string) []mesh.Setting {
		return templatesIn("policy: enabled\ntemplates:\n  sidecar: |\n    spec: {image: "+revision+", x: "+text+"}\n", normalizer(revision, ""))
	}
	a := mesh.ControlPlane{Settings: config("1-29-1", "a")}
	if list := (mesh.ControlPlane{Settings: config("1-31-0", "a")}).DifferencesFrom(a); len(list) > 0 {
		t.Errorf("a name is a difference: %v", list)
	}
	if list := (mesh.ControlPlane{Settings: config("1-31-0", "b")}).DifferencesFrom(a); len(list) != 1 || list[0].Group != mesh.Templates || list[0].Key != "sidecar" {
		t.Errorf("the text is none: %v", list)
	}
}
