// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/install"
)

const istiodChart = "../../install/testdata/charts/istiod"

// A chart and its values become part of the MeshUpgrade, so that nothing else is
// needed to go on.
func TestChartBecomesPartOfTheRecord(t *testing.T) {
	u := asked(t, "--chart "+istiodChart+" --values testdata/values.yaml --values testdata/more.yaml --carry none")
	here, err := filepath.Abs(istiodChart)
	if err != nil {
		t.Fatal(err)
	}
	h := u.Spec.Helm
	if u.Spec.Revision != "1-31-0" || h == nil || h.Chart != here || h.Carry != install.InheritNone {
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

// A run is the same when it is asked for again, and another with other values.
func TestSameChart(t *testing.T) {
	line := "--chart " + istiodChart + " --values testdata/values.yaml"
	recorded := asked(t, line).Spec
	found := install.Draft{Version: "1.31.0", ChartVersion: "1.31.0",
		Inherited: &install.InheritedValues{From: "there", Values: map[string]any{"a": int64(1)}}}
	if err := SetDraft(&recorded, found); err != nil {
		t.Fatal(err)
	}
	if c := recorded.Helm.Carried; c == nil || c.From != "there" || string(c.Values.Raw) != `{"a":1}` || recorded.Helm.Version != "1.31.0" {
		t.Fatalf("noted %+v", recorded.Helm)
	}
	for other, want := range map[string]string{
		line:                             "",
		"--to 1-31-0":                    "",
		line + " --chart-version 1.31.0": "",
		line + " --chart-version 1.31.1 --to 1-31-0": "helm",
		line + " --carry none":                       "helm",
		"--chart " + istiodChart:                     "helm",
		"--to 1-31-0 --await":                        "await",
	} {
		if got := strings.Join(Differences(asked(t, other).Spec, recorded), " "); got != want {
			t.Errorf("%s: differs in %q, want %q", other, got, want)
		}
	}
	// What was found later does not take the place of what was agreed to.
	found.Inherited = &install.InheritedValues{From: "elsewhere"}
	if err := SetDraft(&recorded, found); err != nil || recorded.Helm.Carried.From != "there" {
		t.Errorf("%v, %+v", err, recorded.Helm.Carried)
	}
}
