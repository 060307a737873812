// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	oci "github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/registry"
	release "helm.sh/helm/v4/pkg/release/v1"
	repo "helm.sh/helm/v4/pkg/repo/v1"
)

// charts returns the folder of Istio's charts of a version.
func charts(t *testing.T, version string) string {
	t.Helper()
	return strings.TrimSpace(runLab(t, "path", "charts-"+version))
}

// packageCharts returns a folder with both charts of a version as archives.
func packageCharts(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"istiod", "base"} {
		c, err := loader.Load(filepath.Join(charts(t, version), name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chartutil.Save(c, dir); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// chartRepository serves the charts of a version as a chart repository, and returns its
// URL.
func chartRepository(t *testing.T, version string) string {
	t.Helper()
	dir := packageCharts(t, version)
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

// chartRegistry serves the charts of a version as an OCI registry, and returns the
// prefix of their references.
func chartRegistry(t *testing.T, version string) string {
	t.Helper()
	server := httptest.NewServer(oci.New(oci.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://") + "/charts/"
	client, err := registry.NewClient(registry.ClientOptPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	dir := packageCharts(t, version)
	for _, name := range []string{"istiod", "base"} {
		content, err := os.ReadFile(filepath.Join(dir, name+"-"+version+".tgz"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Push(content, at+name+":"+version); err != nil {
			t.Fatal(err)
		}
	}
	return "oci://" + at
}

// helmConfig returns a Helm configuration of its own, apart from rerig's.
func (l *lab) helmConfig(t *testing.T) *action.Configuration {
	t.Helper()
	return l.helmConfigIn(t, "istio-system")
}

// helmConfigIn does so for the releases in a namespace.
func (l *lab) helmConfigIn(t *testing.T, namespace string) *action.Configuration {
	t.Helper()
	settings := cli.New()
	settings.KubeConfig = l.kubeconfig
	c := action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler))
	if err := c.Init(settings.RESTClientGetter(), namespace, "secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

// installWithHelm installs a revision with Helm, and waits until it is ready.
func (l *lab) installWithHelm(t *testing.T, version, revision string, values map[string]any) {
	t.Helper()
	c, err := loader.Load(filepath.Join(charts(t, version), "istiod"))
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(l.helmConfig(t))
	install.ReleaseName, install.Namespace, install.Timeout, install.WaitStrategy = "istiod-"+revision, "istio-system", runTimeout,
		kube.LegacyStrategy
	values["revision"] = revision
	if _, err := install.RunWithContext(t.Context(), c, values); err != nil {
		t.Fatalf("install revision %s with Helm: %v", revision, err)
	}
}

// helmRelease returns the last revision of a Helm release, or nil.
func (l *lab) helmRelease(t *testing.T, name string) *release.Release {
	t.Helper()
	found, err := l.helmConfig(t).Releases.Last(name)
	if err != nil {
		return nil
	}
	return found.(*release.Release)
}

// uninstallReleases uninstalls all Helm releases.
func (l *lab) uninstallReleases(t *testing.T) {
	t.Helper()
	c := l.helmConfig(t)
	list, err := c.Releases.ListReleases()
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range list {
		uninstall := action.NewUninstall(c)
		uninstall.IgnoreNotFound, uninstall.WaitStrategy, uninstall.Timeout = true, kube.LegacyStrategy, runTimeout
		if _, err := uninstall.Run(found.(*release.Release).Name); err != nil {
			t.Fatal(err)
		}
	}
}
