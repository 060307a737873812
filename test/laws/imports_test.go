// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"strings"
	"testing"
)

// TestImportsPointDown compares every package of the tool with the layers.
func TestImportsPointDown(t *testing.T) {
	packages := deps(t, root)
	for _, p := range packages {
		if !within(p.ImportPath, module) {
			continue
		}
		r, ok := layerOf(p.ImportPath)
		if !ok {
			t.Errorf("%s is in no layer: add it to import_rules_test.go, .golangci.yml and ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if imported, known := packages[i]; known && !r.mayImport(imported) {
				t.Errorf("%s imports %s, which the layer %s may not", p.ImportPath, i, r.path)
			}
		}
	}
}

// TestLabIsSeparate checks that lab and tool do not import each other.
func TestLabIsSeparate(t *testing.T) {
	for path := range deps(t, root) {
		if within(path, module+"/lab") {
			t.Errorf("the tool depends on %s, a package of the lab", path)
		}
	}
	for _, folder := range []string{"lab", "lab/shop"} {
		for path := range deps(t, root+"/"+folder) {
			if within(path, module) && !within(path, module+"/lab") {
				t.Errorf("%s depends on %s, a package of the tool", folder, path)
			}
		}
	}
}

// TestLayersRefuse shows that the law can be broken.
func TestLayersRefuse(t *testing.T) {
	ours := func(path string) listedPackage { return listedPackage{ImportPath: module + "/" + path} }
	cases := []struct {
		from string
		to   listedPackage
		want bool
	}{
		{"internal/plan", ours("internal/mesh"), true},
		{"internal/mesh", ours("internal/plan"), false},
		{"internal/verify", ours("internal/plan"), false},
		{"internal/verify/checks", ours("internal/verify"), true},
		{"internal/engine", ours("internal/cluster"), false},
		{"internal/plan", listedPackage{ImportPath: "os/exec", Standard: true}, false},
		{"internal/plan", listedPackage{ImportPath: "slices", Standard: true}, true},
		{"internal/plan", listedPackage{ImportPath: "k8s.io/client-go/rest", Module: from("k8s.io/client-go")}, false},
		{"internal/cluster", listedPackage{ImportPath: "k8s.io/client-go/rest", Module: from("k8s.io/client-go")}, true},
		{"internal/cluster", ours("internal/cluster/record"), true},
		{"internal/cluster/record", ours("internal/cluster"), false},
		{"internal/cluster/podconn", ours("internal/mesh"), false},
		{"api/v1alpha1", listedPackage{ImportPath: "k8s.io/api/core/v1", Module: from("k8s.io/api")}, false},
		{"cmd/rerig", ours("internal/engine"), false},
		{"internal/run", ours("internal/cli"), false},
		{"internal/cli", ours("lab/internal/state"), false},
	}
	for _, c := range cases {
		r, ok := layerOf(module + "/" + c.from)
		if !ok {
			t.Errorf("%s has no layer", c.from)
		}
		if got := r.mayImport(c.to); got != c.want {
			t.Errorf("%s may import %s: %t, want %t", c.from, strings.TrimPrefix(c.to.ImportPath, module+"/"), got, c.want)
		}
	}
}
