// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/release/common"

	"github.com/rerig/rerig/internal/engine"
)

const (
	testPassword = "hunter2-correct-horse"
	testKeyLine  = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
	testPEM      = "-----BEGIN PRIVATE KEY-----\n" + testKeyLine + "\n-----END PRIVATE KEY-----\n"
)

// checkNoSecrets fails if a text contains one of the secrets above.
func checkNoSecrets(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{testPassword, testKeyLine} {
		if strings.Contains(text, secret) {
			t.Errorf("%s contains the secret %s:\n%s", what, secret, text)
		}
	}
}

func secretValues() map[string]any {
	return map[string]any{"telemetry": map[string]any{"adminPassword": testPassword},
		"pilot": map[string]any{"env": map[string]any{"TLS": testPEM}}}
}

func TestInheritedSecretsReachHelmOnly(t *testing.T) {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-29-1", "app", "istiod", revisionLabel, "1-29-1")
	istiod.SetAnnotations(map[string]string{releaseAnnotation: "istiod-1-29-1", releaseNamespaceAnnotation: "istio-system"})
	values := secretValues()
	values["global"] = map[string]any{"tag": testPEM, "hub": "https://robot:" + testPassword + "@example.com"}
	i := helmInstaller(nil)
	i.RevisionsInUse, i.Cluster = []string{"1-29-1"}, fakeCluster(istiod)
	i.Config = serveHelmSecrets(t, helmSecretOf(t, 1, common.StatusDeployed, values))
	d := Draft{Revision: "1-31-0"}
	if err := i.inheritValues(t.Context(), &d, helmTask{}); err != nil {
		t.Fatal(err)
	}
	checkNoSecrets(t, "the plan", strings.Join(append(d.Inherited.Lines(), d.Notes...), "\n"))
	want := []string{"global.hub=(masked)", "pilot.env.TLS=(masked)", "telemetry.adminPassword=(masked)"}
	if got := d.Inherited.Lines(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("lines %q, want %q", got, want)
	}
	given, err := i.values(d, chartLayout{})
	if err != nil {
		t.Fatal(err)
	}
	if got := nestedString(given, "telemetry", "adminPassword"); got != testPassword {
		t.Errorf("Helm gets the password %q, want %q", got, testPassword)
	}
	if got := nestedString(given, "pilot", "env", "TLS"); got != testPEM {
		t.Errorf("Helm gets the key %q, want %q", got, testPEM)
	}
}

func TestHelmErrorsMaskSecrets(t *testing.T) {
	values := secretValues()
	values["fail"] = testPassword
	_, err := helmInstaller(values).Draft(t.Context(), "1-31-0", "")
	if err == nil || !strings.Contains(err.Error(), "(masked)") {
		t.Fatalf("got %v, want the chart's failure with the password masked", err)
	}
	checkNoSecrets(t, "the error", err.Error())
}

func TestIstioctlOutputMasksSecrets(t *testing.T) {
	input := filepath.Join(t.TempDir(), "input")
	i := testInstaller(t, fakeIstioctl(t, `cat > `+input+`; cat `+input+`; echo "bad password `+testPassword+`" >&2; exit 1`))
	i.Operator = parseOperator(t,
		"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  tag: 1.31.0\n  values:\n    adminPassword: "+
			testPassword+"\n    ca: |\n      "+strings.ReplaceAll(testPEM, "\n", "\n      "))
	i.Cluster = fakeCluster(defaultTag())
	var logged []string
	i.Log = func(line string) { logged = append(logged, line) }
	err := i.Install(t.Context(), "1-31-0", "")
	if failure, ok := errors.AsType[*Failure](err); !ok || !errors.Is(err, engine.ErrRefused) || len(failure.LastLines) == 0 {
		t.Fatalf("got %v, want a failure with istioctl's output", err)
	}
	checkNoSecrets(t, "the error", err.Error())
	checkNoSecrets(t, "the log", strings.Join(logged, "\n"))
	given, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(given), testPassword) || !strings.Contains(string(given), testKeyLine) {
		t.Errorf("istioctl did not get the secrets:\n%s", given)
	}
}

func TestChartNamesMaskCredentials(t *testing.T) {
	c := Chart{Ref: "istiod", Repository: "http://robot:" + testPassword + "@127.0.0.1:1/charts"}
	_, err := c.load(t.Context(), "")
	if err == nil {
		t.Fatal("the chart was found")
	}
	checkNoSecrets(t, "the error", err.Error())
	checkNoSecrets(t, "the name", c.String())
}
