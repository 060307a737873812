// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadReturnsSavedLab(t *testing.T) {
	root := t.TempDir()
	l := Lab{
		Name: "x", Size: Real, Dir: Dir(root, "x"), Cache: root, APIPort: 1, PrometheusPort: 2, IngressPort: 3,
		Parts: map[string]string{"kube": "/k"},
	}
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := Load(l.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(l, got); d != "" {
		t.Error(d)
	}
}

func TestLoadFailsWithoutValidFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); !errors.Is(err, ErrNotFound) {
		t.Errorf("got error %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lab.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("got error %v", err)
	}
}
