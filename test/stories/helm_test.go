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

// charts is the folder of Istio's charts of a version, as the lab has them.
func charts(t *testing.T, version string) string {
	t.Helper()
	return strings.TrimSpace(runLab(t, "path", "charts-"+version))
}

// packaged are both charts of a version as archives in a folder.
func packaged(t *testing.T, version string) string {
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

// chartRepository serves the charts of a version as a chart repository, and returns its URL.
func chartRepository(t *testing.T, version string) string {
	t.Helper()
	dir := packaged(t, version)
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

// chartRegistry serves the charts of a version as an OCI registry, and returns
// what their names there begin with.
func chartRegistry(t *testing.T, version string) string {
	t.Helper()
	server := httptest.NewServer(oci.New(oci.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://") + "/charts/"
	client, err := registry.NewClient(registry.ClientOptPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	dir := packaged(t, version)
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

// helm is Helm on the lab, by other hands than rerig's.
func (l *lab) helm(t *testing.T) *action.Configuration {
	t.Helper()
	settings := cli.New()
	settings.KubeConfig = l.kubeconfig
	c := action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler))
	if err := c.Init(settings.RESTClientGetter(), "istio-system", "secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

// installed installs a revision with Helm, and waits until it is ready.
func (l *lab) installed(t *testing.T, version, revision string, values map[string]any) {
	t.Helper()
	c, err := loader.Load(filepath.Join(charts(t, version), "istiod"))
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(l.helm(t))
	install.ReleaseName, install.Namespace, install.Timeout, install.WaitStrategy = "istiod-"+revision, "istio-system", longest, kube.LegacyStrategy
	values["revision"] = revision
	if _, err := install.RunWithContext(t.Context(), c, values); err != nil {
		t.Fatalf("install revision %s with Helm: %v", revision, err)
	}
}

// released is a Helm release as it is kept, or nil.
func (l *lab) released(t *testing.T, name string) *release.Release {
	t.Helper()
	found, err := l.helm(t).Releases.Last(name)
	if err != nil {
		return nil
	}
	return found.(*release.Release)
}

// withoutReleases takes everything away that Helm has installed.
func (l *lab) withoutReleases(t *testing.T) {
	t.Helper()
	c := l.helm(t)
	list, err := c.Releases.ListReleases()
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range list {
		uninstall := action.NewUninstall(c)
		uninstall.IgnoreNotFound, uninstall.WaitStrategy, uninstall.Timeout = true, kube.LegacyStrategy, longest
		if _, err := uninstall.Run(found.(*release.Release).Name); err != nil {
			t.Fatal(err)
		}
	}
}
