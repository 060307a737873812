// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSetReleaseValues(t *testing.T) {
	dir := t.TempDir()
	files := map[string][2]string{
		"Chart.yaml":  {"name: istiod\nversion: 1.0.0\nappVersion: 1.0.0\n", "name: istiod\nversion: 1.31.0\nappVersion: 1.31.0\n"},
		"values.yaml": {"a:\n  hub: \"\"\n  tag: \"\"\nglobal:\n    hub: gcr.io/istio-testing\n    tag: latest\n", "a:\n  hub: \"\"\n  tag: \"\"\nglobal:\n    hub: docker.io/lab\n    tag: 1.31.0\n"},
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content[0]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := setReleaseValues(dir, "1.31.0"); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != content[1] {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, content[1])
		}
	}
}
