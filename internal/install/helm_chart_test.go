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

// isolateHelm sets directories of its own for what Helm caches and configures.
func isolateHelm(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
}

// packageCharts returns a directory with the charts of testdata as archives, in two versions.
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

// A chart is found in every kind of source, in the requested version or the newest.
func TestChartIsLoadedFromEverySource(t *testing.T) {
	isolateHelm(t)
	repository, registry := serveRepository(t), serveOCIRegistry(t)
	tests := []struct {
		name   string
		chart  Chart
		wanted string
		found  string
	}{
		{name: "a directory", chart: Chart{Ref: "testdata/charts/istiod"}, found: "1.31.0"},
		{name: "an archive", chart: Chart{Ref: filepath.Join(packageCharts(t), "istiod-1.30.2.tgz")}, found: "1.30.2"},
		{name: "a repository", chart: Chart{Ref: "istiod", Repository: repository, Version: "1.30.2"}, found: "1.30.2"},
		{name: "a repository's newest", chart: Chart{Ref: "istiod", Repository: repository}, found: "1.31.0"},
		{name: "a repository, by Istio's version", chart: Chart{Ref: "istiod", Repository: repository}, wanted: "1.30.2", found: "1.30.2"},
		{name: "an OCI registry", chart: Chart{Ref: registry + "istiod", Version: "1.30.2"}, found: "1.30.2"},
		{name: "an OCI registry's newest", chart: Chart{Ref: registry + "istiod"}, found: "1.31.0"},
		{name: "an OCI registry, by Istio's version", chart: Chart{Ref: registry + "istiod"}, wanted: "1.30.2", found: "1.30.2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := tt.chart.load(t.Context(), tt.wanted)
			if err != nil {
				t.Errorf("%v", err)
				return
			}
			if found.Name() != "istiod" || found.Metadata.Version != tt.found {
				t.Errorf("%s %s", found.Name(), found.Metadata.Version)
			}
			base, ok := tt.chart.siblingChart("base", tt.found)
			if beside, err := base.load(t.Context(), ""); !ok || err != nil || beside.Name() != "base" || beside.Metadata.Version != tt.found {
				t.Errorf("the chart base beside it: %v, %v", base, err)
			}
		})
	}
}

func TestMissingChartIsReported(t *testing.T) {
	isolateHelm(t)
	repository, registry := serveRepository(t), serveOCIRegistry(t)
	tests := []struct {
		name  string
		chart Chart
		fault string
	}{
		{name: "no directory", chart: Chart{Ref: "./nowhere"}, fault: "./nowhere"},
		{name: "no chart", chart: Chart{Ref: "testdata"}, fault: "Chart.yaml"},
		{name: "another version", chart: Chart{Ref: "testdata/charts/istiod", Version: "1.30.2"}, fault: "has version 1.31.0, not 1.30.2"},
		{name: "not in it", chart: Chart{Ref: "istiodd", Repository: repository}, fault: "istiodd"},
		{name: "not in that version", chart: Chart{Ref: "istiod", Repository: repository, Version: "1.2.3"}, fault: "1.2.3"},
		{name: "no repository", chart: Chart{Ref: "istiod", Repository: "http://127.0.0.1:1"}, fault: "127.0.0.1:1"},
		{name: "not in the registry", chart: Chart{Ref: registry + "istiodd", Version: "1.31.0"}, fault: "istiodd"},
		{name: "no such tag there", chart: Chart{Ref: registry + "istiod", Version: "1.2.3"}, fault: "1.2.3"},
		{name: "no known repository", chart: Chart{Ref: "istio/istiod"}, fault: "istio"},
		{name: "a registry that died", chart: Chart{Ref: "oci://127.0.0.1:1/istiod", Version: "1.31.0"}, fault: "127.0.0.1:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.chart.load(t.Context(), "")
			if err == nil || !strings.Contains(err.Error(), tt.fault) || !strings.Contains(err.Error(), "fetch chart") {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

func TestSiblingChart(t *testing.T) {
	for ref, want := range map[string]string{"./istiod": "./base", "istio/istiod": "istio/base",
		"/charts/istiod-1.31.0.tgz": "/charts/base-1.31.0.tgz", "oci://r/mine": "", "./mesh": ""} {
		if c, ok := (Chart{Ref: ref}).siblingChart("base", "1.31.0"); c.Ref != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", ref, c.Ref, ok)
		}
	}
	if got := fmt.Sprint(Chart{Ref: "istiod", Repository: "https://charts"}); got != "istiod in https://charts" {
		t.Error(got)
	}
}
