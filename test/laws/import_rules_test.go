// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"slices"
	"strings"
)

const module = "github.com/rerig/rerig"

// layer is a folder of packages and what they may import besides the standard
// library and each other.
type layer struct {
	path   string
	ours   []string // other layers
	theirs []string // third-party modules; "*" is any
	not    []string // packages of the standard library that are refused
}

// world lists what a layer that only decides must not import.
var world = []string{"os", "os/exec", "net", "net/http", "syscall", "log", "math/rand", "math/rand/v2"}

// layers is the import law of ARCHITECTURE.md. Imports point in one direction,
// and all wiring is in run and cli.
var layers = []layer{
	{path: "api", theirs: []string{"k8s.io/apimachinery"}, not: world},
	{path: "internal/mesh", not: world},
	{path: "internal/sensitive", not: world},
	{path: "internal/command", not: world},
	{path: "internal/step", ours: []string{"internal/mesh"}, not: world},
	{path: "internal/plan/binding", ours: []string{"internal/step", "internal/mesh"}, not: world},
	{path: "internal/plan/swap", ours: []string{"internal/plan/binding", "internal/step", "internal/mesh"}, not: world},
	{path: "internal/plan/gateway", ours: []string{"internal/plan/binding", "internal/step", "internal/mesh"}, not: world},
	{path: "internal/plan/parity", ours: []string{"internal/step", "internal/mesh"}, not: world},
	{
		path: "internal/plan/strategy",
		ours: []string{"internal/plan/binding", "internal/plan/swap", "internal/step", "internal/mesh"}, not: world,
	},
	{path: "internal/plan/trial", ours: []string{"internal/plan/strategy", "internal/step", "internal/mesh"}, not: world},
	{path: "internal/plan/removal", ours: []string{"internal/plan/strategy", "internal/step", "internal/mesh"}, not: world},
	{
		path: "internal/plan/selection",
		ours: []string{"internal/plan/binding", "internal/plan/strategy", "internal/step", "internal/mesh"}, not: world,
	},
	{
		path: "internal/plan/baseline",
		ours: []string{"internal/plan/binding", "internal/plan/selection", "internal/step", "internal/mesh"}, not: world,
	},
	{
		path: "internal/plan/advice",
		ours: []string{"internal/plan/binding", "internal/plan/removal", "internal/plan/selection", "internal/plan/strategy",
			"internal/plan/swap", "internal/plan/trial", "internal/step", "internal/mesh"},
		not: world,
	},
	{path: "internal/plan", ours: []string{"internal/plan", "internal/step", "internal/mesh"}, not: world},
	{path: "internal/verify", ours: []string{"internal/mesh"}, not: world},
	{path: "internal/engine", ours: []string{"internal/plan", "internal/step", "internal/verify", "internal/mesh"}, not: world},
	{path: "internal/cluster/podconn", theirs: []string{"*"}},
	{path: "internal/cluster/istio", ours: []string{"internal/mesh"}, theirs: []string{"*"}},
	{path: "internal/cluster/client", ours: []string{"api", "internal/engine", "internal/mesh"}, theirs: []string{"*"}},
	{path: "internal/cluster/lease", ours: []string{"internal/cluster/client"}, theirs: []string{"*"}},
	{
		path:   "internal/cluster/record",
		ours:   []string{"api", "internal/cluster/client", "internal/engine", "internal/step", "internal/mesh"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/cluster/proxy",
		ours:   []string{"internal/cluster/istio", "internal/cluster/podconn", "internal/mesh"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/cluster/setup",
		ours:   []string{"internal/cluster/client", "internal/cluster/istio", "internal/engine", "internal/mesh", "internal/sensitive"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/cluster/gatewayapi",
		ours:   []string{"api", "internal/cluster/client", "internal/cluster/istio", "internal/engine", "internal/step", "internal/mesh"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/cluster/rendered",
		ours:   []string{"api", "internal/cluster/client", "internal/cluster/istio", "internal/engine", "internal/step", "internal/mesh"},
		theirs: []string{"*"},
	},
	{
		path: "internal/cluster/rights",
		ours: []string{"api", "internal/cluster/client", "internal/cluster/istio", "internal/cluster/lease", "internal/cluster/record",
			"internal/cluster/rendered", "internal/step", "internal/mesh"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/cluster",
		ours:   []string{"api", "internal/cluster", "internal/engine", "internal/plan", "internal/step", "internal/mesh", "internal/sensitive"},
		theirs: []string{"*"},
	},
	{path: "internal/cputime"},
	{path: "internal/install/process"},
	{
		path: "internal/install",
		ours: []string{"internal/install", "internal/engine", "internal/plan", "internal/step", "internal/mesh", "internal/sensitive",
			"internal/command"},
		theirs: []string{"*"},
	},
	{
		path:   "internal/report",
		ours:   []string{"internal/engine", "internal/plan", "internal/step", "internal/verify", "internal/mesh", "internal/command"},
		theirs: []string{"github.com/mattn/go-runewidth"},
	},
	{
		path: "internal/run",
		ours: []string{"api", "internal/engine", "internal/cluster", "internal/install", "internal/report", "internal/plan", "internal/step",
			"internal/verify", "internal/mesh", "internal/sensitive"},
		theirs: []string{"*"},
	},
	{path: "internal/cli", ours: []string{"*"}, theirs: []string{"*"}},
	{path: "cmd", ours: []string{"internal/cli"}},
	{path: "hack", ours: []string{"internal/command"}},
	{path: "test", ours: []string{"*"}, theirs: []string{"*"}},
}

// layerOf finds the layer of one of our packages.
func layerOf(pkg string) (layer, bool) {
	i := slices.IndexFunc(layers, func(r layer) bool { return within(pkg, module+"/"+r.path) })
	if i < 0 {
		return layer{}, false
	}
	return layers[i], true
}

// mayImport reports whether the layer may import a package.
func (r layer) mayImport(p listedPackage) bool {
	switch {
	case p.Standard:
		return !slices.Contains(r.not, p.ImportPath)
	case !within(p.ImportPath, module):
		return slices.Contains(r.theirs, "*") || slices.Contains(r.theirs, p.Module.Path)
	}
	other, ok := layerOf(p.ImportPath)
	allowed := func(path string) bool { return within(other.path, path) }
	return ok && (other.path == r.path || slices.Contains(r.ours, "*") || slices.ContainsFunc(r.ours, allowed))
}

func within(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }
