// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

const istiodChart = "../../install/testdata/charts/istiod"

// A chart and its values are part of the MeshUpgrade, so that a run needs nothing
// else to continue.
func TestChartIsPartOfTheRecord(t *testing.T) {
	u := asked(t, "--chart "+istiodChart+" --values testdata/values.yaml --values testdata/more.yaml --inherit none")
	here, err := filepath.Abs(istiodChart)
	if err != nil {
		t.Fatal(err)
	}
	h := u.Spec.Helm
	if u.Spec.Revision != "1-31-0" || h == nil || h.Chart != here || h.Inherit != install.InheritNone {
		t.Fatalf("revision %s, %+v", u.Spec.Revision, h)
	}
	if want := `{"global":{"hub":"a","logAsJson":true},"replicaCount":3}`; string(h.Values.Raw) != want {
		t.Errorf("values %s, want %s", h.Values.Raw, want)
	}
	c, err := chartOf(h)
	if err != nil || c.Ref != here || c.Values["replicaCount"] != int64(3) {
		t.Errorf("read back: %+v, %v", c, err)
	}
}

// The same command asks for the same run, and other values ask for another one.
func TestDifferencesOfCharts(t *testing.T) {
	line := "--chart " + istiodChart + " --values testdata/values.yaml"
	recorded := asked(t, line).Spec
	found := install.Draft{Version: "1.31.0", ChartVersion: "1.31.0",
		Inherited: &install.InheritedValues{From: "there", Values: map[string]any{"a": int64(1)}}}
	if err := SetDraft(&recorded, found); err != nil {
		t.Fatal(err)
	}
	if c := recorded.Helm.Inherited; c == nil || c.From != "there" || string(c.Values.Raw) != `{"a":1}` || recorded.Helm.Version != "1.31.0" {
		t.Fatalf("noted %+v", recorded.Helm)
	}
	for _, c := range []struct{ line, want string }{
		{line, ""},
		{"--to 1-31-0", ""},
		{line + " --chart-version 1.31.0", ""},
		{line + " --chart-version 1.31.1 --to 1-31-0", "helm"},
		{line + " --inherit none", "helm"},
		{"--chart " + istiodChart, "helm"},
		{"--to 1-31-0 --await", "await"},
	} {
		t.Run(c.line, func(t *testing.T) {
			if got := strings.Join(Differences(asked(t, c.line).Spec, recorded), " "); got != c.want {
				t.Errorf("got differences %q, want %q", got, c.want)
			}
		})
	}
	// Values that are found later do not replace the approved ones.
	found.Inherited = &install.InheritedValues{From: "elsewhere"}
	if err := SetDraft(&recorded, found); err != nil || recorded.Helm.Inherited.From != "there" {
		t.Errorf("%v, %+v", err, recorded.Helm.Inherited)
	}
}

func TestCredentialsInURLsAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		chart v1alpha1.HelmChart
	}{
		{name: "repository", chart: v1alpha1.HelmChart{Chart: "istiod", Repository: "https://robot:hunter2@example.com/charts"}},
		{name: "registry", chart: v1alpha1.HelmChart{Chart: "oci://robot:hunter2@example.com/istiod"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := validateInstaller(Spec{Revision: "1-31-0", Helm: &tt.chart})
			if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "helm repo add") {
				t.Errorf("got %v, want a refusal that does not show the password", err)
			}
		})
	}
}
