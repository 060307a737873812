// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// Names of the revision and its version are no difference; a changed value is one.
func TestAgainstIgnoresNames(t *testing.T) {
	mesh1 := "defaultConfig:\n  discoveryAddress: istiod-1-29-1.istio-system.svc:15012\n  holdApplicationUntilProxyStarts: true\n" +
		"extensionProviders: []\n"
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
	if list := (mesh.ControlPlane{Settings: config("1-31-0", "b")}).DifferencesFrom(a); len(list) != 1 || list[0].Group != mesh.Templates ||
		list[0].Key != "sidecar" {
		t.Errorf("the text is none: %v", list)
	}
}

// Values that look secret are compared and not shown.
func TestSecretSettingsAreMasked(t *testing.T) {
	const password = "hunter2-correct-horse"
	values := func(password string) mesh.ControlPlane {
		text := `{"adminPassword": "` + password + `", "pilot": {"extra": [{"name": "DB_PASSWORD", "value": "` + password + `"}]},
			"logLevel": "debug",
			"redis": "redis://user:` + password + `@cache:6379"}`
		return mesh.ControlPlane{Settings: flattenText(mesh.UserValues, text, normalizer("1-29-1", ""))}
	}
	if list := values(password).DifferencesFrom(values(password)); len(list) > 0 {
		t.Errorf("equal secrets differ: %v", list)
	}
	list := values(password).DifferencesFrom(values("other"))
	var keys []string
	for _, d := range list {
		keys = append(keys, d.Key)
		if text := d.Old + d.New; strings.Contains(text, password) || !strings.Contains(text, "sha256") {
			t.Errorf("%s is shown as %q -> %q, want it masked", d.Key, d.Old, d.New)
		}
	}
	if diff := cmp.Diff([]string{"adminPassword", "pilot.extra[0].value", "redis"}, keys); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if s := setting(mesh.Environment, "API_TOKEN", password, true); strings.Contains(s.Value, password) {
		t.Errorf("the environment variable is %q, want it masked", s.Value)
	}
}
