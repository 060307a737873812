// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"slices"
	"strings"
)

const module = "github.com/rerig/rerig"

// room is a folder of packages and what these may import beside the standard
// library and each other.
type room struct {
	path   string
	ours   []string // other rooms
	theirs []string // modules of others; "*" is any
	not    []string // packages of the standard library that it must do without
}

// world is what a room that only decides must not reach for.
var world = []string{"os", "os/exec", "net", "net/http", "syscall", "log", "math/rand", "math/rand/v2"}

// house is the import law of ARCHITECTURE.md. Imports point one way, and the
// wiring is in cli alone.
var house = []room{
	{path: "api", theirs: []string{"k8s.io/apimachinery"}, not: world},
	{path: "internal/mesh", not: world},
	{path: "internal/plan", ours: []string{"internal/mesh"}, not: world},
	{path: "internal/verify", ours: []string{"internal/mesh"}, not: world},
	{path: "internal/engine", ours: []string{"internal/plan", "internal/verify", "internal/mesh"}, not: world},
	{path: "internal/cluster", ours: []string{"api", "internal/engine", "internal/plan", "internal/mesh"}, theirs: []string{"*"}},
	{path: "internal/install", ours: []string{"internal/engine", "internal/plan", "internal/mesh"}, theirs: []string{"*"}},
	{path: "internal/report", ours: []string{"internal/engine", "internal/plan", "internal/verify", "internal/mesh"}, theirs: []string{"golang.org/x/term"}},
	{path: "internal/cli", ours: []string{"*"}, theirs: []string{"*"}},
	{path: "cmd", ours: []string{"internal/cli"}},
	{path: "hack"},
	{path: "test", ours: []string{"*"}, theirs: []string{"*"}},
}

// roomOf finds the room that a package of ours belongs to.
func roomOf(pkg string) (room, bool) {
	i := slices.IndexFunc(house, func(r room) bool { return within(pkg, module+"/"+r.path) })
	if i < 0 {
		return room{}, false
	}
	return house[i], true
}

// may says whether the room may import a package.
func (r room) may(p listed) bool {
	switch {
	case p.Standard:
		return !slices.Contains(r.not, p.ImportPath)
	case !within(p.ImportPath, module):
		return slices.Contains(r.theirs, "*") || slices.Contains(r.theirs, p.Module.Path)
	}
	other, ok := roomOf(p.ImportPath)
	return ok && (other.path == r.path || slices.Contains(r.ours, "*") || slices.Contains(r.ours, other.path))
}

func within(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }
