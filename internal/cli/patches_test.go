// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// TestPatchesOfBothWays: what a GitOps tool keeps is written out for committing, by a
// plan for the way forth, also with a file, and by a rollback for the way back.
func TestPatchesOfBothWays(t *testing.T) {
	p := shop()
	for i := range p.world.Namespaces {
		if p.world.Namespaces[i].Name == "shop-data" {
			p.world.Namespaces[i].ManagedBy = "Argo CD application shop"
		}
	}
	written := func(name, wants, line string, want int) string {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "patches")
		code, out, err := on(p, line+" --patches "+folder)
		if code != want {
			t.Fatalf("%s: exit code %d: %s", line, code, err)
		}
		content, failure := os.ReadFile(filepath.Join(folder, name))
		if failure != nil || !strings.Contains(string(content), wants) {
			t.Errorf("%s: %v: it does not say %s:\n%s", line, failure, wants, content)
		}
		return out
	}
	written("01-label-shop-data.yaml", "1-29-1 -> istio.io/rev=1-31-0", "plan -f testdata/move.yaml", exitDone)
	code, out, err := on(p, upgradeLine+" --yes")
	if code != exitHeld || !strings.Contains(strings.Join(strings.Fields(out), " "), "rerig plan --patches DIR") {
		t.Fatalf("exit code %d: %s\n%s", code, err, out)
	}
	for i := range p.world.Namespaces {
		if p.world.Namespaces[i].Name == "shop-data" {
			p.world.Namespaces[i].Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
		}
	}
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	out = written("01-label-shop-data.yaml", "1-31-0 -> istio.io/rev=1-29-1", "rollback --yes", exitHeld)
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "rerig rollback to-1-31-0 --patches DIR") {
		t.Errorf("the hold does not say by what command patches are written:\n%s", out)
	}
	written("01-label-shop-data.yaml", "1-31-0 -> istio.io/rev=1-29-1", "rollback", exitHeld)
}

// TestPatchesOfTwoWaysAreNotMixed: what was written before of the same way is
// replaced by what is left of it; a folder that holds patches of the other way, or of
// another run, is refused by their names and left as it is.
func TestPatchesOfTwoWaysAreNotMixed(t *testing.T) {
	p := shop()
	keep := func(label string) {
		for i := range p.world.Namespaces {
			if ns := &p.world.Namespaces[i]; ns.Name == "shop-data" {
				ns.ManagedBy = "Argo CD application shop"
				if label != "" {
					ns.Labels = map[string]string{mesh.RevisionLabel: label}
				}
			}
		}
	}
	keep("")
	folder := t.TempDir()
	read := func() string {
		var all []string
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			content, _ := os.ReadFile(filepath.Join(folder, e.Name()))
			all = append(all, e.Name()+": "+string(content))
		}
		return strings.Join(all, "\n")
	}
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kustomization.yaml", "theirs")
	forth := "plan -f testdata/move.yaml --patches " + folder
	if code, _, err := on(p, forth); code != exitDone {
		t.Fatalf("exit code %d: %s", code, err)
	}
	once := read()
	put("02-unpin-shop-web.yaml", "# Run to-1-31-0, upgrade.\n# It was committed since.\n")
	if code, _, err := on(p, forth); code != exitDone || read() != once {
		t.Fatalf("again: exit code %d: %s\n%s", code, err, read())
	}
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatal(err)
	}
	keep("1-31-0")
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	for _, line := range []string{"rollback", "rollback --yes"} {
		code, _, err := on(p, line+" --patches "+folder)
		if code == exitDone || !strings.Contains(err, "01-label-shop-data.yaml: remove them, or use another folder") || read() != once {
			t.Errorf("%s: exit code %d: %s\n%s", line, code, err, read())
		}
	}
}
