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
			p.world.Namespaces[i].Owner = "Argo CD application shop"
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
