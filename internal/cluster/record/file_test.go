// SPDX-License-Identifier: Apache-2.0

package record

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// completeFile sets every field that a person sets.
func completeFile(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../testdata/complete.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadMeshUpgrade(t *testing.T) {
	m, err := ReadMeshUpgrade([]byte(completeFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	if m.ResourceVersion != "" || m.Status.Phase != "" {
		t.Errorf("what only a cluster writes was kept: %q, %q", m.ResourceVersion, m.Status.Phase)
	}
	got, err := IntentOf(m)
	if err != nil {
		t.Fatal(err)
	}
	want := step.Intent{Run: "to-1-31", Revision: "1-31-0", Version: "1.31.0", Input: "f3300cbe8816", Installable: true,
		Namespaces: []string{"shop-web"},
		Selector:   &mesh.Selector{{Key: "team", Operator: mesh.In, Values: []string{"shop"}}},
		Waves:      [][]string{{"shop-web"}, {"shop-core", "shop-data"}}, WaveCount: 2, Parallel: 3,
		ReadyTimeout: 90 * time.Second, ParkMax: time.Hour, RollbackOnFailure: true,
		Policy: step.Policy{RendersGateways: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	m, err := ReadMeshUpgrade([]byte(`{"apiVersion":"rerig.dev/v1alpha1","kind":"MeshUpgrade","spec":{"revision":"next"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := IntentOf(m)
	if err != nil {
		t.Fatal(err)
	}
	want := step.Intent{Revision: "next", WaveCount: 3, Parallel: 4, ReadyTimeout: 10 * time.Minute, Soak: time.Minute, ParkMax: time.Hour}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A file of version 0.1 is read; its fields have the names of today.
func TestFileOfVersion01(t *testing.T) {
	content := []byte("apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nspec:\n  revision: r\n  way: swap\n" +
		"  helm: {chart: c, carry: none}\n  workloads:\n  - {name: a, way: evict}\n")
	m, err := ReadMeshUpgrade(content)
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.MeshUpgradeSpec{Revision: "r", Strategy: "swap", Helm: &v1alpha1.HelmChart{Chart: "c", Inherit: "none"},
		Workloads: []v1alpha1.WorkloadRule{{Name: "a", Strategy: "evict"}}}
	if diff := cmp.Diff(want, m.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	fields, err := SpecFields(content)
	if err != nil || !fields["strategy"] || fields["way"] {
		t.Errorf("got fields %v and error %v, want strategy", fields, err)
	}
}

func TestBadFiles(t *testing.T) {
	complete := completeFile(t)
	edited := func(old, new string) string { return strings.Replace(complete, old, new, 1) }
	tests := []struct{ name, content, says string }{
		{"empty", "# nothing\n", "is empty"},
		{"no YAML", "{", "read the MeshUpgrade file"},
		{"no object", "[1, 2]", "no Kubernetes object"},
		{"two documents", complete + "---\n" + complete, "more than one document"},
		{"another kind", edited("kind: MeshUpgrade", "kind: Deployment"), `"Deployment" of "rerig.dev/v1alpha1"`},
		{"another version", edited("rerig.dev/v1alpha1", "rerig.dev/v9"), `not a MeshUpgrade of rerig.dev/v1alpha1`},
		{"an unknown field", edited("maxParallel", "maxParalel"), `unknown field "spec.maxParalel"`},
		{"a field in another case", edited("maxParallel", "MaxParallel"), `unknown field "spec.MaxParallel"`},
		{"a field twice", edited("  waveCount: 2\n", "  waveCount: 2\n  waveCount: 3\n"), `"waveCount" already set`},
		{"a revision with dots", edited("revision: 1-31-0", "revision: 1.31.0"), `spec.revision: "1.31.0" is not a DNS label`},
		{"no revision", edited("  revision: 1-31-0\n", ""), "spec.revision: missing"},
		{"a bad duration", edited("90s", "90"), "spec.readyTimeout: 90 is not a duration"},
		{"a duration of days", edited("90s", "2d"), `spec.readyTimeout: "2d" is not a duration`},
		{"a negative duration", edited("soak: 0s", "soak: -1m"), "spec.soak: -1m is negative"},
		{"negative parallelism", edited("maxParallel: 3", "maxParallel: -3"), "spec.maxParallel: -3 is negative"},
		{"an empty wave", edited("{namespaces: [shop-web]}", "{namespaces: []}"), "spec.waves[0]: no namespaces are named"},
		{"a bad name", edited("name: to-1-31", "name: To 1.31"), `metadata.name: "To 1.31"`},
		{"a bad selector", edited("{matchLabels: {team: shop}}", "{matchExpressions: [{key: a, operator: Near}]}"), "spec.namespaces.selector"},
		{"two names of a field", edited("  waveCount: 2\n", "  way: swap\n  strategy: restart\n"), "set only spec.strategy"},
		{"a number for a name", edited("version: 1.31.0", "version: 1.31"), "version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadMeshUpgrade([]byte(test.content))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
