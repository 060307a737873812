// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/lab/internal/cache"
)

// A module is built again only when its source has changed.
func TestGoModuleRebuildsWhenSourceChanges(t *testing.T) {
	source := t.TempDir()
	s := Store{Cache: cache.Cache{Root: t.TempDir()}, Source: source, Log: io.Discard}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := func() string {
		t.Helper()
		dir, err := s.goModule(context.Background(), goModulePart{
			name: "hello", dir: ".", links: map[string]string{"hi": "hello"},
			programs: []program{{name: "hello", pkg: ".", ldflags: "-X main.who=world"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(filepath.Join(dir, "hi")).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		return dir + " " + string(out)
	}
	write("go.mod", "module hello\n\ngo 1.26\n")
	write("main.go", "package main\n\nvar who string\n\nfunc main() { print(who) }\n")
	first := build()
	if !strings.HasSuffix(first, " world") {
		t.Errorf("first build: got %q, want the suffix world", first)
	}
	if second := build(); second != first {
		t.Errorf("unchanged source: got %q, want %q", second, first)
	}
	write("main.go", "package main\n\nvar who string\n\nfunc main() { print(who, \"!\") }\n")
	if third := build(); !strings.HasSuffix(third, " world!") {
		t.Errorf("changed source: got %q, want the suffix world!", third)
	}
}

func TestPathRejectsUnknownPart(t *testing.T) {
	_, err := Store{}.Path(context.Background(), "istio-9.9.9")
	if err == nil || !strings.Contains(err.Error(), "istioctl-1.31.0") {
		t.Errorf("got error %v, want the list of parts", err)
	}
}

// The versions in linker flags must be those that the modules require.
func TestModulesPinBuiltVersions(t *testing.T) {
	source, err := FindSource()
	if err != nil {
		t.Fatal(err)
	}
	pins := map[string]string{"kube": "k8s.io/kubernetes " + KubeVersion}
	for v, commit := range istioCommits {
		pins["istio-"+v] = "-" + commit
	}
	for module, pin := range pins {
		b, err := os.ReadFile(filepath.Join(source, "modules", module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), pin) {
			t.Errorf("modules/%s/go.mod: got no requirement of %s", module, pin)
		}
	}
}
