// SPDX-License-Identifier: Apache-2.0

package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/cluster/setup"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
)

// settingsOf returns the settings of a control plane as an installer renders them.
func settingsOf(t *testing.T, m install.Method, version string) mesh.ControlPlane {
	t.Helper()
	d, err := m.Installer(install.Environment{Root: "istio-system"}).Draft(t.Context(), install.RevisionName(version), "")
	if err != nil {
		t.Fatal(err)
	}
	plane, err := setup.NewReader(nil, "istio-system").Rendered(t.Context(), d.Revision, d.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	return plane
}

// realDir returns the directory with real istioctls and charts.
func realDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RERIG_TEST_ISTIOCTL_DIR")
	if dir == "" {
		t.Skip("RERIG_TEST_ISTIOCTL_DIR is not set: no real istioctl and charts to try")
	}
	return dir
}

// renderedSettings returns the settings of a control plane as Istio's chart of a version renders them.
func renderedSettings(t *testing.T, version string, values map[string]any) mesh.ControlPlane {
	t.Helper()
	chart := install.Chart{Ref: filepath.Join(realDir(t), version, "charts", "istiod"), Values: values}
	return settingsOf(t, install.Method{Chart: chart}, version)
}

// Another version with the same values loses nothing. One without them loses each of them.
func TestSettingsOfRealChartsAreCompared(t *testing.T) {
	type object = map[string]any
	mine := object{"hub": "registry.example.com/mesh", "pilot": object{"env": object{"PILOT_PUSH_THROTTLE": "77"}},
		"meshConfig":   object{"outboundTrafficPolicy": object{"mode": "REGISTRY_ONLY"}, "trustDomain": "prod"},
		"revisionTags": []any{}}
	lost := func(from, to object) string {
		s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{
			renderedSettings(t, "1.29.1", from), renderedSettings(t, "1.31.0", to)}}
		return strings.Join(s.Lost("1-31-0", []string{"1-29-1"}), "\n")
	}
	if got := lost(mine, mine) + lost(nil, nil); got != "" {
		t.Errorf("the same values: got lost settings\n%s", got)
	}
	want := strings.Join([]string{
		"image registry: istiod",
		"istiod's environment and arguments: PILOT_PUSH_THROTTLE",
		"mesh configuration: outboundTrafficPolicy.mode",
		"values as the user set them: env.PILOT_PUSH_THROTTLE",
		"values as the user set them: meshConfig.outboundTrafficPolicy.mode",
		"values as the user set them: meshConfig.trustDomain",
	}, "\n")
	if diff := cmp.Diff(want, lost(mine, nil)); diff != "" {
		t.Errorf("lost settings (-want +got):\n%s", diff)
	}
	if p := renderedSettings(t, "1.31.0", mine); p.TrustDomain != "prod" {
		t.Errorf("got trust domain %q, want prod", p.TrustDomain)
	}
}

// The same file loses nothing by another version of istioctl. Helm loses what only an IstioOperator sets, and
// no value that istioctl adds by itself.
func TestSettingsOfRealIstioctlsAreCompared(t *testing.T) {
	dir := realDir(t)
	operator := func(version string) mesh.ControlPlane {
		o, err := install.ParseIstioOperator([]byte("apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n" +
			"  profile: default\n  hub: docker.io/istio\n  tag: " + version + "\n" +
			"  meshConfig: {accessLogFile: /dev/stdout}\n  values: {pilot: {env: {A: b}}}\n" +
			"  components: {pilot: {k8s: {env: [{name: C, value: d}]}}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return settingsOf(t, install.Method{IstioOperator: o, Istioctl: filepath.Join(dir, version, "istioctl")}, version)
	}
	lost := func(is mesh.ControlPlane) []string {
		return mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{operator("1.29.1"), is}}.Lost("1-31-0", []string{"1-29-1"})
	}
	if got := lost(operator("1.31.0")); len(got) > 0 {
		t.Errorf("the same file: got lost settings %q", got)
	}
	values := map[string]any{"meshConfig": map[string]any{"accessLogFile": "/dev/stdout"}, "env": map[string]any{"A": "b"},
		"hub": "registry.istio.io/release"}
	want := []string{"istiod's environment and arguments: C"}
	if diff := cmp.Diff(want, lost(renderedSettings(t, "1.31.0", values))); diff != "" {
		t.Errorf("lost by Helm (-want +got):\n%s", diff)
	}
}
