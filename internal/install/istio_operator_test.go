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

var update = flag.Bool("update", false, "write the golden files anew")

func TestParseOperatorRefuses(t *testing.T) {
	const head = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
	for name, c := range map[string]struct{ content, fault string }{
		"empty":          {"", "it is empty"},
		"only comments":  {"# nothing\n---\n", "it is empty"},
		"not YAML":       {"{", "not YAML"},
		"a list":         {"- a\n", "not an object"},
		"plain text":     {"hello\n", "not an object"},
		"foreign":        {"apiVersion: v1\nkind: ConfigMap\nspec: {a: b}\n", `kind "ConfigMap"`},
		"other version":  {"apiVersion: install.istio.io/v1\nkind: IstioOperator\nspec: {profile: minimal}\n", "must be install.istio.io/v1alpha1"},
		"several":        {head + "spec: {profile: minimal}\n---\n" + head + "spec: {profile: demo}\n", "2 objects"},
		"no spec":        {head, "no spec"},
		"empty spec":     {head + "spec: {}\n", "no spec"},
		"key said twice": {head + "spec:\n  profile: minimal\n  profile: demo\n", "already set"},
	} {
		_, err := ParseIstioOperator([]byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}

func TestReadOperatorSaysWhichFile(t *testing.T) {
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
	for _, spec := range []string{"{revision: other}", "{values: {revision: other}}", "{revision: 1-31-0, values: {revision: other}}", "{revision: 1-31-0, unvalidatedValues: {revision: other}}"} {
		file := parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: "+spec)
		if _, err := file.ForRevision("1-31-0"); err == nil || !strings.Contains(err.Error(), `for revision "other", but "1-31-0" is wanted`) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	file := parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {revision: 1-31-0}")
	if _, err := file.ForRevision("1-31-0"); err != nil {
		t.Errorf("the wanted revision is refused: %v", err)
	}
}

// The derived file is the user's, but for the name, the revision and the gateways.
func TestDerivedFile(t *testing.T) {
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

func TestDerivingLeavesTheUsersObjectAlone(t *testing.T) {
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
