// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// realChart returns Istio's chart istiod of a version, in the directory that
// RERIG_TEST_ISTIOCTL_DIR names.
func realChart(t *testing.T, version string) string {
	t.Helper()
	dir := os.Getenv("RERIG_TEST_ISTIOCTL_DIR")
	if dir == "" {
		t.Skip("RERIG_TEST_ISTIOCTL_DIR is not set: no real charts to try")
	}
	path := filepath.Join(dir, version, "charts", "istiod")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no chart of %s to try: %v", version, err)
	}
	return path
}

func realChartInstaller(t *testing.T, version string) HelmInstaller {
	t.Helper()
	return HelmInstaller{Chart: Chart{Ref: realChart(t, version)}, Root: "istio-system"}
}

func TestRealChartIsDrafted(t *testing.T) {
	for _, version := range []string{"1.29.1", "1.31.0"} {
		d, err := realChartInstaller(t, version).Draft(t.Context(), RevisionName(version), "")
		if err != nil {
			t.Fatal(err)
		}
		if d.Version != version || d.ChartVersion != version || d.Image != "docker.io/lab/pilot:"+version || d.Namespace != "istio-system" ||
			d.Objects < 15 || !slices.Contains(d.Templates.Names, "sidecar") {
			t.Errorf("%+v", d)
		}
		for _, o := range d.InPlace {
			t.Errorf("%s is no revision's own", o)
		}
		if !strings.Contains(d.File, "revision: "+RevisionName(version)) {
			t.Errorf("values:\n%s", d.File)
		}
	}
}

func TestRealChartRefuses(t *testing.T) {
	tests := []struct {
		name              string
		spoil             func(*HelmInstaller)
		revision, version string
		fault             string
	}{
		{name: "a bad name", spoil: func(*HelmInstaller) {}, revision: "1.31.0", fault: "Did you mean"},
		{name: "no chart", spoil: func(i *HelmInstaller) { i.Chart.Ref = "./nowhere" }, revision: "1-31-0", fault: "--chart"},
		{name: "another version", spoil: func(*HelmInstaller) {}, revision: "1-30-0", version: "1.30.0",
			fault: "installs Istio 1.31.0, but the plan installs 1.30.0"},
		{name: "another chart version", spoil: func(i *HelmInstaller) { i.Chart.Version = "1.30.0" }, revision: "1-31-0",
			fault: "has version 1.31.0, not 1.30.0"},
		{name: "another revision", spoil: func(i *HelmInstaller) { i.Chart.Values = map[string]any{"revision": "x"} }, revision: "1-31-0",
			fault: `the values set revision "x"`},
		{name: "tags", spoil: func(i *HelmInstaller) { i.Chart.Values = map[string]any{"revisionTags": []any{"prod"}} }, revision: "1-31-0",
			fault: "Remove revisionTags from the values"},
		{name: "tags by the older path", spoil: func(i *HelmInstaller) {
			i.Chart.Values = map[string]any{"pilot": map[string]any{"revisionTags": []any{"prod"}}}
		}, revision: "1-31-0", fault: "istio-revision-tag-prod"},
		{name: "an image of another",
			spoil: func(i *HelmInstaller) { i.Chart.Values = map[string]any{"global": map[string]any{"tag": "1.29.1"}} }, revision: "1-31-0",
			fault: "names version 1.31.0"},
		{name: "no istiod", spoil: func(i *HelmInstaller) { i.Chart.Ref = strings.TrimSuffix(i.Chart.Ref, "istiod") + "base" },
			revision: "1-31-0", fault: "no Deployment istiod-1-31-0"},
		{name: "a profile that is none", spoil: func(i *HelmInstaller) { i.Chart.Values = map[string]any{"profile": "huge"} },
			revision: "1-31-0", fault: "unknown profile huge"},
		{name: "a compatibility of none", spoil: func(i *HelmInstaller) { i.Chart.Values = map[string]any{"compatibilityVersion": "1.2"} },
			revision: "1-31-0", fault: "unknown compatibility version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := realChartInstaller(t, "1.31.0")
			tt.spoil(&i)
			if _, err := i.Draft(t.Context(), tt.revision, tt.version); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}
