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

// renderedSettings returns the settings of a control plane as Istio's chart of a version renders them.
func renderedSettings(t *testing.T, version string, values map[string]any) mesh.ControlPlane {
	t.Helper()
	dir := os.Getenv("RERIG_TEST_ISTIOCTL_DIR")
	if dir == "" {
		t.Skip("RERIG_TEST_ISTIOCTL_DIR is not set: no real charts to try")
	}
	m := install.Method{Chart: install.Chart{Ref: filepath.Join(dir, version, "charts", "istiod"), Values: values}}
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
