// SPDX-License-Identifier: Apache-2.0

package install

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestParseOperatorRefuses(t *testing.T) {
	const head = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
	tests := []struct {
		name           string
		content, fault string
	}{
		{name: "empty", fault: "the file is empty"},
		{name: "only comments", content: "# nothing\n---\n", fault: "the file is empty"},
		{name: "not YAML", content: "{", fault: "invalid YAML"},
		{name: "a list", content: "- a\n", fault: "not an object"},
		{name: "plain text", content: "hello\n", fault: "not an object"},
		{name: "foreign", content: "apiVersion: v1\nkind: ConfigMap\nspec: {a: b}\n", fault: `kind "ConfigMap"`},
		{name: "other version", content: "apiVersion: install.istio.io/v1\nkind: IstioOperator\nspec: {profile: minimal}\n",
			fault: "must be install.istio.io/v1alpha1"},
		{name: "several", content: head + "spec: {profile: minimal}\n---\n" + head + "spec: {profile: demo}\n", fault: "2 objects"},
		{name: "no spec", content: head, fault: "no spec"},
		{name: "empty spec", content: head + "spec: {}\n", fault: "no spec"},
		{name: "key said twice", content: head + "spec:\n  profile: minimal\n  profile: demo\n", fault: "already set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseIstioOperator([]byte(tt.content))
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

func TestReadOperatorErrorNamesFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := ReadIstioOperator(missing); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a missing file: %v", err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.yaml")
	if err := os.WriteFile(foreign, []byte("a: b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadIstioOperator(foreign); err == nil || !strings.Contains(err.Error(), foreign) {
		t.Errorf("a foreign file: %v", err)
	}
}

func TestForRefusesAnotherRevision(t *testing.T) {
	for _, spec := range []string{"{revision: other}", "{values: {revision: other}}", "{revision: 1-31-0, values: {revision: other}}",
		"{revision: 1-31-0, unvalidatedValues: {revision: other}}"} {
		file := parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: "+spec)
		if _, err := file.ForRevision("1-31-0"); err == nil ||
			!strings.Contains(err.Error(), `sets revision "other", but the run installs "1-31-0"`) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	file := parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {revision: 1-31-0}")
	if _, err := file.ForRevision("1-31-0"); err != nil {
		t.Errorf("the wanted revision is refused: %v", err)
	}
}

// The derived file differs from the user's in its name, revision and gateways only.
func TestDerivedOperator(t *testing.T) {
	for _, name := range []string{"default", "listed"} {
		file, err := ReadIstioOperator(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		derived, err := file.ForRevision("1-31-0")
		if err != nil {
			t.Fatal(err)
		}
		derived, err = derived.WithoutGateways(map[string][]string{"IngressGateways": {"istio-ingressgateway"}, "EgressGateways": {}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := derived.YAML()
		if err != nil {
			t.Fatal(err)
		}
		compareGolden(t, filepath.Join("testdata", name+".golden"), got)
	}
}

func TestDerivingDoesNotChangeOperator(t *testing.T) {
	file, err := ReadIstioOperator("testdata/listed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _ := file.YAML()
	derived, _ := file.ForRevision("1-31-0")
	if _, err := derived.WithoutGateways(map[string][]string{"IngressGateways": nil}); err != nil {
		t.Fatal(err)
	}
	if after, _ := file.YAML(); after != before {
		t.Error(cmp.Diff(before, after))
	}
}

func parseOperator(t *testing.T, content string) IstioOperator {
	t.Helper()
	file, err := ParseIstioOperator([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s:\n%s", path, diff)
	}
}
