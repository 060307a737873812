// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"

	"github.com/rerig/rerig/internal/engine"
)

// copyChart copies the chart istiod of testdata into a directory, so that a test can change it.
func copyChart(t *testing.T) string {
	t.Helper()
	c, err := loader.Load("testdata/charts/istiod")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := chartutil.SaveDir(c, dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "istiod")
}

func addTemplate(t *testing.T, chart, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(chart, "templates", name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The content of a chart that changes under the same version is another digest, and is not installed
// once the first was approved.
func TestDigestCoversTheChartsContent(t *testing.T) {
	i := helmInstaller(nil)
	i.Chart.Ref = copyChart(t)
	approved, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := i.Draft(t.Context(), "1-31-0", ""); err != nil || same.Rendered != approved.Rendered || approved.Rendered == "" {
		t.Errorf("the same chart: got digests %q and %q, %v", approved.Rendered, same.Rendered, err)
	}
	addTemplate(t, i.Chart.Ref, "more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
	changed, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil || changed.Rendered == approved.Rendered || changed.ChartVersion != approved.ChartVersion {
		t.Errorf("got digest %s of a changed chart, want another one: %v", changed.Rendered, err)
	}
	i.Rendered = approved.Rendered
	err = i.Install(t.Context(), "1-31-0", "")
	if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "no longer what was approved") {
		t.Errorf("got %v, want the install refused", err)
	}
}

// What a chart renders differently each time does not make the digest another one each time.
func TestRandomObjectsAreNotApproved(t *testing.T) {
	i := helmInstaller(nil)
	i.Chart.Ref = copyChart(t)
	addTemplate(t, i.Chart.Ref, "random.yaml",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: random}\nstringData: {password: {{ randAlphaNum 20 | quote }}}\n")
	first, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil || first.Rendered != second.Rendered {
		t.Errorf("got digests %s and %s: %v", first.Rendered, second.Rendered, err)
	}
	if notes := strings.Join(first.Notes, "\n"); !strings.Contains(notes, "differently each time") ||
		!strings.Contains(notes, "Secret istio-system/random") {
		t.Errorf("got notes %q, want the Secret named", notes)
	}
}

// What istioctl renders is part of what is approved, also where the file is the same.
func TestDigestCoversTheRenderedManifest(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, ""))
	approved, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	i.Istioctl = fakeIstioctl(t, "", "tag.yaml")
	changed, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil || changed.Rendered == approved.Rendered || approved.Rendered == "" {
		t.Errorf("got digests %q and %q, want two: %v", approved.Rendered, changed.Rendered, err)
	}
	i.Rendered = approved.Rendered
	err = i.Install(t.Context(), "1-31-0", "")
	failure, ok := errors.AsType[engine.Adviser](err)
	if !ok || !errors.Is(err, engine.ErrRefused) || !strings.Contains(failure.Advice(), "asks again") {
		t.Errorf("got %v, want the install refused with an advice", err)
	}
}
