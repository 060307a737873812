// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	oci "github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/registry"
	repo "helm.sh/helm/v4/pkg/repo/v1"
)

// isolateHelmHome keeps what Helm caches and knows out of the user's home.
func isolateHelmHome(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
}

// packageCharts are the charts of testdata as archives, also in an older version.
func packageCharts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"istiod", "base"} {
		for _, version := range []string{"1.31.0", "1.30.2"} {
			c, err := loader.Load(filepath.Join("testdata/charts", name))
			if err != nil {
				t.Fatal(err)
			}
			c.Metadata.Version, c.Metadata.AppVersion = version, version
			if _, err := chartutil.Save(c, dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// serveRepository serves the charts as a chart repository does.
func serveRepository(t *testing.T) string {
	t.Helper()
	dir := packageCharts(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	index, err := repo.IndexDirectory(dir, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := index.WriteFile(filepath.Join(dir, "index.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	return server.URL
}

// serveOCIRegistry serves the charts as an OCI registry does.
func serveOCIRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(oci.New(oci.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://") + "/charts/"
	client, err := registry.NewClient(registry.ClientOptPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob(filepath.Join(packageCharts(t), "*.tgz"))
	if err != nil || len(archives) != 4 {
		t.Fatalf("archives %v, %v", archives, err)
	}
	for _, archive := range archives {
		content, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(archive), ".tgz"), "-")
		if _, err := client.Push(content, at+name+":"+version); err != nil {
			t.Fatal(err)
		}
	}
	return "oci://" + at
}

// Wherever a chart comes from, it is the same one: in the version that is
// wanted, or the newest.
func TestChartsComeFromAnywhere(t *testing.T) {
	isolateHelmHome(t)
	repository, registry := serveRepository(t), serveOCIRegistry(t)
	for name, c := range map[string]struct {
		chart  Chart
		wanted string
		found  string
	}{
		"a directory":                         {Chart{Ref: "testdata/charts/istiod"}, "", "1.31.0"},
		"an archive":                          {Chart{Ref: filepath.Join(packageCharts(t), "istiod-1.30.2.tgz")}, "", "1.30.2"},
		"a repository":                        {Chart{Ref: "istiod", Repository: repository, Version: "1.30.2"}, "", "1.30.2"},
		"a repository's newest":               {Chart{Ref: "istiod", Repository: repository}, "", "1.31.0"},
		"a repository, by Istio's version":    {Chart{Ref: "istiod", Repository: repository}, "1.30.2", "1.30.2"},
		"an OCI registry":                     {Chart{Ref: registry + "istiod", Version: "1.30.2"}, "", "1.30.2"},
		"an OCI registry's newest":            {Chart{Ref: registry + "istiod"}, "", "1.31.0"},
		"an OCI registry, by Istio's version": {Chart{Ref: registry + "istiod"}, "1.30.2", "1.30.2"},
	} {
		found, err := c.chart.load(t.Context(), c.wanted)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if found.Name() != "istiod" || found.Metadata.Version != c.found {
			t.Errorf("%s: %s %s", name, found.Name(), found.Metadata.Version)
		}
		base, ok := c.chart.siblingChart("base", c.found)
		if beside, err := base.load(t.Context(), ""); !ok || err != nil || beside.Name() != "base" || beside.Metadata.Version != c.found {
			t.Errorf("%s: the chart base beside it: %v, %v", name, base, err)
		}
	}
}

func TestChartsThatAreNotThere(t *testing.T) {
	isolateHelmHome(t)
	repository, registry := serveRepository(t), serveOCIRegistry(t)
	for name, c := range map[string]struct {
		chart Chart
		fault string
	}{
		"no directory":         {Chart{Ref: "./nowhere"}, "./nowhere"},
		"no chart":             {Chart{Ref: "testdata"}, "Chart.yaml"},
		"another version":      {Chart{Ref: "testdata/charts/istiod", Version: "1.30.2"}, "it is version 1.31.0, not 1.30.2"},
		"not in it":            {Chart{Ref: "istiodd", Repository: repository}, "istiodd"},
		"not in that version":  {Chart{Ref: "istiod", Repository: repository, Version: "1.2.3"}, "1.2.3"},
		"no repository":        {Chart{Ref: "istiod", Repository: "http://127.0.0.1:1"}, "127.0.0.1:1"},
		"not in the registry":  {Chart{Ref: registry + "istiodd", Version: "1.31.0"}, "istiodd"},
		"no such tag there":    {Chart{Ref: registry + "istiod", Version: "1.2.3"}, "1.2.3"},
		"no known repository":  {Chart{Ref: "istio/istiod"}, "istio"},
		"a registry that died": {Chart{Ref: "oci://127.0.0.1:1/istiod", Version: "1.31.0"}, "127.0.0.1:1"},
	} {
		_, err := c.chart.load(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), "fetch chart") {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}

func TestSiblingOfNoIstiod(t *testing.T) {
	for ref, want := range map[string]string{"./istiod": "./base", "istio/istiod": "istio/base", "/charts/istiod-1.31.0.tgz": "/charts/base-1.31.0.tgz", "oci://r/mine": "", "./mesh": ""} {
		if c, ok := (Chart{Ref: ref}).siblingChart("base", "1.31.0"); c.Ref != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", ref, c.Ref, ok)
		}
	}
	if got := fmt.Sprint(Chart{Ref: "istiod", Repository: "https://charts"}); got != "istiod in https://charts" {
		t.Error(got)
	}
}
