// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSetReleaseValues(t *testing.T) {
	dir := t.TempDir()
	files := []struct{ name, source, want string }{
		{
			name:   "Chart.yaml",
			source: "name: istiod\nversion: 1.0.0\nappVersion: 1.0.0\n",
			want:   "name: istiod\nversion: 1.31.0\nappVersion: 1.31.0\n",
		},
		{
			name:   "values.yaml",
			source: "a:\n  hub: \"\"\n  tag: \"\"\nglobal:\n    hub: gcr.io/istio-testing\n    tag: latest\n",
			want:   "a:\n  hub: \"\"\n  tag: \"\"\nglobal:\n    hub: docker.io/lab\n    tag: 1.31.0\n",
		},
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := setReleaseValues(dir, "1.31.0"); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			got, err := os.ReadFile(filepath.Join(dir, f.name))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != f.want {
				t.Errorf("got\n%s\nwant\n%s", got, f.want)
			}
		})
	}
}
