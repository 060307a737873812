// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"

	gocmp "github.com/google/go-cmp/cmp"
)

// wrap returns a chart with another one as its only dependency.
func wrap(inner *chart.Chart, name, alias string, values map[string]any) *chart.Chart {
	c := &chart.Chart{Values: values, Metadata: &chart.Metadata{APIVersion: "v2", Name: name, Version: "0.3.0", AppVersion: "0.3.0",
		Dependencies: []*chart.Dependency{{Name: inner.Name(), Version: inner.Metadata.Version, Alias: alias}}}}
	c.AddDependency(inner)
	return c
}

func loadChart(t *testing.T, path string) *chart.Chart {
	t.Helper()
	c, err := loader.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// releaseOf returns a release of the chart as Helm renders it and reads it again from its storage:
// without the chart's dependencies.
func releaseOf(t *testing.T, c *chart.Chart, values map[string]any) *release.Release {
	t.Helper()
	rendering := action.NewInstall(action.NewConfiguration(action.ConfigurationSetLogger(discardLogs)))
	rendering.DryRunStrategy, rendering.ReleaseName, rendering.Namespace = action.DryRunClient, "mesh", "istio-system"
	rendered, err := rendering.RunWithContext(t.Context(), c, values)
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(rendered)
	if err != nil {
		t.Fatal(err)
	}
	r := &release.Release{}
	if err := json.Unmarshal(content, r); err != nil {
		t.Fatal(err)
	}
	r.Info.Status = common.StatusDeployed
	return r
}

type values = map[string]any

// The values of istiod are found in a wrapper by its dependencies, whatever its name, and are inherited as
// values of istiod.
func TestValuesOfWrapperAreInherited(t *testing.T) {
	egress := values{"meshConfig": values{"outboundTrafficPolicy": values{"mode": "REGISTRY_ONLY"}}, "hub": "registry.example.com/mesh",
		"revision": "1-29-1"}
	const inherited = "hub=registry.example.com/mesh meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY"
	plain := func() *chart.Chart { return loadChart(t, "testdata/charts/istiod") }
	fork := func(name string) *chart.Chart {
		c := plain()
		c.Metadata.Name = name
		return c
	}
	tests := []struct {
		name   string
		chart  *chart.Chart
		given  values
		strip  bool // a tool rewrote the manifest, without comments
		want   string
		source string
	}{
		{name: "Istio's chart", chart: plain(), given: egress, want: inherited},
		{name: "a copy of another name", chart: fork("control-plane"), given: egress, want: inherited},
		{name: "a wrapper called istiod", chart: wrap(plain(), "istiod", "", nil), given: values{"istiod": egress}, want: inherited,
			source: " (chart istiod, values of istiod)"},
		{name: "a wrapper of another name", chart: wrap(plain(), "mesh", "", nil), given: values{"istiod": egress}, want: inherited,
			source: " (chart mesh, values of istiod)"},
		{name: "a wrapper with an alias", chart: wrap(plain(), "istiod", "cp", nil), given: values{"cp": egress}, want: inherited,
			source: " (chart istiod, values of cp)"},
		{name: "a wrapper of a wrapper", chart: wrap(wrap(plain(), "mesh", "", nil), "istiod", "", nil),
			given: values{"mesh": values{"istiod": egress}}, want: inherited, source: " (chart istiod, values of mesh.istiod)"},
		{name: "values that the wrapper contains", chart: wrap(plain(), "istiod", "", values{"istiod": egress}),
			given: values{"istiod": values{"replicaCount": 2}}, want: inherited + " replicaCount=2", source: " (chart istiod, values of istiod)"},
		{name: "global values of the wrapper", chart: wrap(plain(), "istiod", "", nil),
			given: values{"global": values{"imagePullPolicy": "Always", "x": "of the wrapper"},
				"istiod": values{"revision": "1-29-1", "global": values{"logAsJson": true, "x": "own"}}},
			want: "global.imagePullPolicy=Always global.logAsJson=true global.x=of the wrapper", source: " (chart istiod, values of istiod)"},
		{name: "no values", chart: wrap(plain(), "istiod", "", nil), given: values{"istiod": values{"revision": "1-29-1"}},
			source: " (chart istiod, values of istiod)"},
		{name: "a manifest without comments", chart: wrap(plain(), "istiod", "", nil), given: values{"istiod": egress}, strip: true,
			want: inherited, source: " (chart istiod, values of istiod)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := releaseOf(t, tt.chart, tt.given)
			if tt.strip {
				r.Manifest = strings.ReplaceAll(r.Manifest, "# Source: ", "# ")
			}
			i := helmInstaller(nil)
			i.RevisionsInUse, i.Cluster, i.Config = []string{"1-29-1"}, fakeCluster(istiodOfRelease("mesh")), serveHelmSecrets(t, secretOf(t, r))
			d := Draft{Revision: "1-31-0"}
			if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
				t.Fatal(err)
			}
			lines := d.Inherited.Lines()
			shown := lines[:0]
			for _, line := range lines {
				if !chartDefault[line] { // this chart has its defaults as plain values
					shown = append(shown, line)
				}
			}
			if got := strings.Join(shown, " "); got != tt.want || d.Inherited.From != "Helm release istio-system/mesh"+tt.source {
				t.Errorf("got %q from %s, want %q from %s", got, d.Inherited.From, tt.want, tt.source)
			}
		})
	}
}

// chartDefault are the values of the chart in testdata, as Lines returns them.
var chartDefault = map[string]bool{"gateway=false": true, "hub=docker.io/lab": true}

// A chart that does not tell where istiod's values are is no source: its values ConfigMap is.
func TestUnknownLayoutIsNotInherited(t *testing.T) {
	undeclared := wrap(loadChart(t, "testdata/charts/istiod"), "platform", "", nil) // in its folder charts/
	undeclared.Metadata.Dependencies = nil
	for _, r := range []*release.Release{
		releaseOf(t, wrap(loadChart(t, "testdata/charts/istiod"), "platform", "cp", nil), values{"cp": values{"revision": "1-29-1"}}),
		releaseOf(t, undeclared, values{"istiod": values{"revision": "1-29-1"}}),
	} {
		r.Manifest = strings.ReplaceAll(r.Manifest, "# Source: ", "# ")
		i := helmInstaller(nil)
		i.RevisionsInUse, i.Config = []string{"1-29-1"}, serveHelmSecrets(t, secretOf(t, r))
		i.Cluster = fakeCluster(istiodOfRelease("mesh"), valuesConfigMap("values-1-29-1", `{"a": 1}`))
		d := Draft{Revision: "1-31-0"}
		if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Inherited.Lines(), " "); got != "a=1" {
			t.Errorf("got %q from %s, want the values of the ConfigMap", got, d.Inherited.From)
		}
	}
}

// A wrapper is installed with the inherited values, the revision and its tags where it has istiod's values.
func TestWrapperIsDrafted(t *testing.T) {
	for _, alias := range []string{"", "cp"} {
		t.Run("alias "+alias, func(t *testing.T) {
			key, dir := cmp.Or(alias, "istiod"), t.TempDir()
			if err := chartutil.SaveDir(wrap(loadChart(t, "testdata/charts/istiod"), "istiod", alias, nil), dir); err != nil {
				t.Fatal(err)
			}
			i := helmInstaller(values{key: values{"hub": "registry.example.com/new"}})
			i.Chart.Ref, i.Root = dir+"/istiod", "service-mesh"
			i.Chart.Inherited = &InheritedValues{Values: values{"hub": "registry.example.com/old", "replicaCount": int64(2)}}
			d, err := i.Draft(t.Context(), "1-31-0", "")
			if err != nil {
				t.Fatal(err)
			}
			want := key + `:
  global:
    istioNamespace: service-mesh
  hub: registry.example.com/new
  replicaCount: 2
  revision: 1-31-0
  revisionTags: []
`
			if diff := gocmp.Diff(want, d.File); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if d.Image != "registry.example.com/new/pilot:1.31.0" || d.Version != "1.31.0" || d.ChartVersion != "0.3.0" ||
				!strings.Contains(d.By, "chart istiod 0.3.0 with istiod 1.31.0") {
				t.Errorf("got image %s, version %s, chart %s, by %s", d.Image, d.Version, d.ChartVersion, d.By)
			}
			i.Chart.Values = values{key: values{"revision": "other"}}
			if _, err := i.Draft(t.Context(), "1-31-0", ""); err == nil || !strings.Contains(err.Error(), "the values set "+key+".revision") {
				t.Errorf("another revision: got %v", err)
			}
			i.Chart.Values = values{key: values{"revisionTags": []any{"prod"}}}
			if _, err := i.Draft(t.Context(), "1-31-0", ""); err == nil || !strings.Contains(err.Error(), "Remove "+key+".revisionTags") {
				t.Errorf("tags: got %v", err)
			}
		})
	}
}

// A new version of the same wrapper brings its own values: only the user's are inherited.
func TestNewWrapperBringsItsOwnValues(t *testing.T) {
	own := values{"istiod": values{"hub": "registry.example.com/mesh"}}
	r := releaseOf(t, wrap(loadChart(t, "testdata/charts/istiod"), "mesh", "", own),
		values{"istiod": values{"revision": "1-29-1", "replicaCount": 2}})
	i := helmInstaller(nil)
	i.RevisionsInUse, i.Cluster, i.Config = []string{"1-29-1"}, fakeCluster(istiodOfRelease("mesh")), serveHelmSecrets(t, secretOf(t, r))
	again := wrap(loadChart(t, "testdata/charts/istiod"), "mesh", "", own)
	layout, err := layoutOf(again)
	if err != nil {
		t.Fatal(err)
	}
	d := Draft{Revision: "1-31-0"}
	if err := i.inheritValues(t.Context(), &d, helmTask{chart: again, layout: layout}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.Inherited.Lines(), " "); got != "replicaCount=2" {
		t.Errorf("got %q, want the user's value alone", got)
	}
}

func TestWrapperOfTwoIstiodsIsRefused(t *testing.T) {
	inner := loadChart(t, "testdata/charts/istiod")
	c := wrap(inner, "mesh", "blue", nil)
	c.Metadata.Dependencies = append(c.Metadata.Dependencies, &chart.Dependency{Name: "istiod", Version: "1.31.0", Alias: "green"})
	if _, err := layoutOf(c); err == nil || !strings.Contains(err.Error(), "several dependencies with istiod (blue, green)") {
		t.Errorf("got %v, want both named", err)
	}
}

// The settings of a release of a wrapper that is itself called istiod are rendered by the new release.
func TestRealWrapperIsInherited(t *testing.T) {
	given := values{"istiod": values{"revision": "1-29-1", "hub": "registry.example.com/mesh",
		"meshConfig": values{"outboundTrafficPolicy": values{"mode": "REGISTRY_ONLY"}}}}
	baked := values{"istiod": values{"env": values{"PILOT_ENABLE_IP_AUTOALLOCATE": "false"}}}
	r := releaseOf(t, wrap(loadChart(t, realChart(t, "1.29.1")), "istiod", "", baked), given)
	for _, wrapped := range []bool{false, true} {
		i := realChartInstaller(t, "1.31.0")
		if wrapped {
			dir := t.TempDir()
			if err := chartutil.SaveDir(wrap(loadChart(t, i.Chart.Ref), "istiod", "", baked), dir); err != nil {
				t.Fatal(err)
			}
			i.Chart.Ref = dir + "/istiod"
		}
		found := i
		found.RevisionsInUse, found.Cluster, found.Config = []string{"1-29-1"}, fakeCluster(istiodOfRelease("mesh")),
			serveHelmSecrets(t, secretOf(t, r))
		d := Draft{Revision: "1-31-0"}
		if err := found.inheritValues(t.Context(), &d, helmTask{}); err != nil {
			t.Fatal(err)
		}
		const want = "env.PILOT_ENABLE_IP_AUTOALLOCATE=false hub=registry.example.com/mesh meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY"
		if got := strings.Join(d.Inherited.Lines(), " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		i.Chart.Inherited = d.Inherited
		d, err := i.Draft(t.Context(), "1-31-0", "")
		if err != nil {
			t.Fatal(err)
		}
		if d.Image != "registry.example.com/mesh/pilot:1.31.0" || len(d.Notes) > 0 {
			t.Errorf("wrapped %t: got image %s, notes %q", wrapped, d.Image, d.Notes)
		}
	}
}
