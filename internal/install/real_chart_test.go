// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// realChart is Istio's chart istiod of a version, in the directory that
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
		if d.Version != version || d.ChartVersion != version || d.Image != "docker.io/lab/pilot:"+version || d.Namespace != "istio-system" || d.Objects < 15 {
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
	for name, c := range map[string]struct {
		spoil             func(*HelmInstaller)
		revision, version string
		fault             string
	}{
		"a bad name":            {func(*HelmInstaller) {}, "1.31.0", "", "did you mean"},
		"no chart":              {func(i *HelmInstaller) { i.Chart.Ref = "./nowhere" }, "1-31-0", "", "--chart"},
		"another version":       {func(*HelmInstaller) {}, "1-30-0", "1.30.0", "installs Istio 1.31.0, but the plan installs 1.30.0"},
		"another chart version": {func(i *HelmInstaller) { i.Chart.Version = "1.30.0" }, "1-31-0", "", "it is version 1.31.0, not 1.30.0"},
		"another revision":      {func(i *HelmInstaller) { i.Chart.Values = map[string]any{"revision": "x"} }, "1-31-0", "", `for revision "x"`},
		"tags":                  {func(i *HelmInstaller) { i.Chart.Values = map[string]any{"revisionTags": []any{"prod"}} }, "1-31-0", "", "take them out"},
		"tags by the older path": {func(i *HelmInstaller) {
			i.Chart.Values = map[string]any{"pilot": map[string]any{"revisionTags": []any{"prod"}}}
		}, "1-31-0", "", "istio-revision-tag-prod"},
		"an image of another":     {func(i *HelmInstaller) { i.Chart.Values = map[string]any{"global": map[string]any{"tag": "1.29.1"}} }, "1-31-0", "", "names version 1.31.0"},
		"no istiod":               {func(i *HelmInstaller) { i.Chart.Ref = strings.TrimSuffix(i.Chart.Ref, "istiod") + "base" }, "1-31-0", "", "no Deployment istiod-1-31-0"},
		"a profile that is none":  {func(i *HelmInstaller) { i.Chart.Values = map[string]any{"profile": "huge"} }, "1-31-0", "", "unknown profile huge"},
		"a compatibility of none": {func(i *HelmInstaller) { i.Chart.Values = map[string]any{"compatibilityVersion": "1.2"} }, "1-31-0", "", "unknown compatibility version"},
	} {
		i := realChartInstaller(t, "1.31.0")
		c.spoil(&i)
		if _, err := i.Draft(t.Context(), c.revision, c.version); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}
