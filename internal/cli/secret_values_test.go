// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	plantedPassword = "hunter2-correct-horse"
	plantedKey      = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
	plantedPEM      = "-----BEGIN PRIVATE KEY-----\n" + plantedKey + "\n-----END PRIVATE KEY-----\n"
)

func plantedFile(t *testing.T, head, indent string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "planted.yaml")
	content := head + indent + "adminPassword: " + plantedPassword + "\n" + indent + "tlsKey: |\n"
	for line := range strings.Lines(plantedPEM) {
		content += indent + "  " + line
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func plantedOperator(t *testing.T) string {
	t.Helper()
	return plantedFile(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  tag: 1.31.0\n  values:\n", "    ")
}

// recordText returns every MeshUpgrade as the API server stores it, with its ledger unpacked.
func recordText(t *testing.T, p *fakeCluster) string {
	t.Helper()
	content, err := json.Marshal(p.runs)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, r := range p.runs {
		if z, err := gzip.NewReader(bytes.NewReader(r.Status.Ledger)); err == nil {
			ledger, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			text += string(ledger)
		}
	}
	return text
}

func checkNoSecrets(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{plantedPassword, plantedKey} {
		if strings.Contains(text, secret) {
			t.Errorf("%s contains %s:\n%s", what, secret, text)
		}
	}
}

// checkReached fails unless the planted values reached the installer.
func checkReached(t *testing.T, what string, values map[string]any, path ...string) {
	t.Helper()
	password, _, _ := unstructured.NestedString(values, append(path, "adminPassword")...)
	key, _, _ := unstructured.NestedString(values, append(path, "tlsKey")...)
	if password != plantedPassword || key != plantedPEM {
		t.Errorf("%s: the installer got the password %q and the key %q", what, password, key)
	}
}

func operatorValues(t *testing.T, m install.Method) map[string]any {
	t.Helper()
	content, err := m.IstioOperator.JSON()
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := json.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestSecretValuesAreShownNowhere(t *testing.T) {
	tests := []struct {
		name    string
		flags   string
		reached func(t *testing.T, m install.Method)
	}{
		{name: "IstioOperator", flags: "--operator " + plantedOperator(t), reached: func(t *testing.T, m install.Method) {
			checkReached(t, "IstioOperator", operatorValues(t, m), "spec", "values")
		}},
		{name: "Helm values", flags: "--chart ./testdata --values " + plantedFile(t, "hub: example.com/mine\n", ""),
			reached: func(t *testing.T, m install.Method) {
				checkReached(t, "values", m.Chart.Values)
				checkReached(t, "inherited values", m.Chart.Inherited.Values, "global")
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := shop()
			p.inherits = map[string]any{"global": map[string]any{"adminPassword": plantedPassword, "tlsKey": plantedPEM, "logLevel": "debug"}}
			p.failsInstall = fmt.Errorf("%w: no image", engine.ErrRefused)
			line := "--to 1-31-0 --soak 5s --waves 2 " + tt.flags
			for n, command := range []string{"plan " + line, "plan -o json " + line, "upgrade --yes " + line, "status", "status -o json",
				"upgrade --yes -o json " + line, "upgrade --yes --to 1-31-0 --soak 5s --waves 2", "status -o json", "rollback --yes -o json"} {
				if n == 6 {
					p.failsInstall = nil
				}
				code, out, err := runOn(p, command)
				if held := n == 2 || n == 5; code != exitDone && !held || held && code != exitHeld {
					t.Fatalf("%s: exit code %d: %s", command, code, err)
				}
				checkNoSecrets(t, command, out+err)
				checkNoSecrets(t, "the record", recordText(t, p))
				if n < 2 && strings.Contains(tt.flags, "--chart") && !strings.Contains(out, "global.logLevel=debug") {
					t.Errorf("%s does not show harmless inherited values:\n%s", command, out)
				}
			}
			tt.reached(t, p.installs[len(p.installs)-1]) // resumed without the files: from the Secret
			if len(p.values) != 1 {
				t.Errorf("%d Secrets are left, want 1", len(p.values))
			}
		})
	}
}

// heldAtInstall returns a cluster with a run whose install failed.
func heldAtInstall(t *testing.T, line string) *fakeCluster {
	t.Helper()
	p := shop()
	p.failsInstall = fmt.Errorf("%w: no image", engine.ErrRefused)
	if code, _, err := runOn(p, line); code != exitHeld {
		t.Fatalf("exit code %d, want %d: %s", code, exitHeld, err)
	}
	p.failsInstall = nil
	return p
}

func TestChangedValuesAreRefused(t *testing.T) {
	line := "upgrade --yes --to 1-31-0 --soak 5s --waves 2"
	tests := []struct {
		name  string
		spoil func(p *fakeCluster, name string)
		want  string
	}{
		{name: "changed", want: "was changed after the plan was approved",
			spoil: func(p *fakeCluster, name string) { p.values[name]["operator"] = []byte(`{"spec":{}}`) }},
		{name: "entry missing", want: "was changed after the plan was approved",
			spoil: func(p *fakeCluster, name string) { delete(p.values[name], "operator") }},
		{name: "missing", want: "the Secret does not exist", spoil: func(p *fakeCluster, name string) { delete(p.values, name) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := plantedOperator(t)
			p := heldAtInstall(t, line+" --operator "+file)
			for name := range p.values {
				tt.spoil(p, name)
			}
			drafts := len(p.installs)
			code, _, err := runOn(p, line)
			if code != exitRefused || !strings.Contains(err, tt.want) || !strings.Contains(err, "`rerig rollback to-1-31-0`") {
				t.Errorf("exit code %d: %s; want %d, %q and what to do", code, err, exitRefused, tt.want)
			}
			if len(p.installs) != drafts {
				t.Error("an install was drafted from values that nobody approved")
			}
			if code, _, err := runOn(p, line+" --operator "+file); code != exitDone {
				t.Errorf("with the approved file again: exit code %d: %s", code, err)
			}
		})
	}
}

func TestEditedRecordHoldsTheInstall(t *testing.T) {
	line := "upgrade --yes --to 1-31-0 --soak 5s --waves 2"
	p := heldAtInstall(t, line+" --operator "+plantedOperator(t))
	approved := p.ledgers["to-1-31-0"].Approved
	p.run("to-1-31-0").Spec.Install = &runtime.RawExtension{Raw: []byte(`{"apiVersion":"install.istio.io/v1alpha1","kind":"IstioOperator",` +
		`"spec":{"profile":"demo","tag":"1.31.0"}}`)}
	code, out, err := runOn(p, strings.ReplaceAll(line, " --yes", ""))
	if code != exitUsage || !strings.Contains(err, "--yes") {
		t.Errorf("exit code %d: %s%s; want the plan to need a new approval", code, out, err)
	}
	if now := p.ledgers["to-1-31-0"].Approved; !slices.Equal(now, approved) {
		t.Errorf("approved steps %v, want %v", now, approved)
	}
}

func TestRunContinuesAfterDyingBetweenWrites(t *testing.T) {
	for _, write := range []string{"create", "store", "replace"} {
		t.Run(write, func(t *testing.T) {
			p := shop()
			line := "upgrade --yes --to 1-31-0 --soak 5s --waves 2 --operator " + plantedOperator(t)
			if write == "replace" { // an earlier run of that name was rolled back
				if code, _, err := runOn(p, line); code != exitDone {
					t.Fatal(err)
				}
				if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
					t.Fatal(err)
				}
				p.world.Revisions = p.world.Revisions[:1]
				p.world.Webhooks = slices.DeleteFunc(p.world.Webhooks, func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
			}
			p.dies = write
			if code, _, err := runOn(p, line); code == exitDone || !strings.Contains(err, "killed after "+write) {
				t.Fatalf("exit code %d: %s", code, err)
			}
			p.dies = ""
			if code, _, err := runOn(p, line); code != exitDone {
				t.Fatalf("the same command again: exit code %d: %s", code, err)
			}
			checkNoSecrets(t, "the record", recordText(t, p))
			if len(p.values) != 1 {
				t.Errorf("%d Secrets are left, want 1", len(p.values))
			}
		})
	}
}

// inlineRecord makes the record of a run one that version 0.1 wrote.
func inlineRecord(t *testing.T, p *fakeCluster, manager string) {
	t.Helper()
	r := p.run("to-1-31-0")
	for _, entries := range p.values {
		r.Spec.Install = &runtime.RawExtension{Raw: entries["operator"]}
	}
	p.values = nil
	r.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: manager}}
	l := p.ledgers["to-1-31-0"].Clone()
	for i := range l.Approved {
		l.Approved[i].Input = ""
	}
	if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Held"}); err != nil {
		t.Fatal(err)
	}
}

func TestInlineValuesAreContinued(t *testing.T) {
	tests := []struct {
		name    string
		manager string
		stored  bool
	}{
		{name: "of version 0.1", manager: v1alpha1.FieldManager, stored: true},
		{name: "of another tool", manager: "argocd-controller", stored: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line := "upgrade --to 1-31-0 --soak 5s --waves 2"
			p := heldAtInstall(t, line+" --yes --operator "+plantedOperator(t))
			inlineRecord(t, p, tt.manager)
			code, out, err := runOn(p, line) // what was approved needs no new approval
			if code != exitDone {
				t.Fatalf("exit code %d: %s", code, err)
			}
			checkNoSecrets(t, "the output", out+err)
			checkReached(t, "IstioOperator", operatorValues(t, p.installs[len(p.installs)-1]), "spec", "values")
			_, stored := v1alpha1.SecretValuesOf(p.run("to-1-31-0").Spec.Install)
			if stored != tt.stored || (len(p.values) == 1) != tt.stored {
				t.Errorf("stored in a Secret: %t (%d Secrets), want %t", stored, len(p.values), tt.stored)
			}
		})
	}
}

func TestStoringValuesNeedsPermission(t *testing.T) {
	p := shop()
	p.lacksToInstall = []string{"create secrets in istio-system"}
	code, _, err := runOn(p, "upgrade --yes --to 1-31-0 --operator "+plantedOperator(t))
	if code != exitRefused || !strings.Contains(err, "create secrets in istio-system") || len(p.runs) > 0 {
		t.Errorf("exit code %d, %d records: %s; want a refusal before anything is written", code, len(p.runs), err)
	}
	for _, verb := range []string{"create", "get", "delete"} {
		if want := (install.Permission{Verb: verb, Resource: "secrets", Namespace: "istio-system"}); !slices.Contains(p.needs, want) {
			t.Errorf("asked for %v, want also %v", p.needs, want)
		}
	}
}
