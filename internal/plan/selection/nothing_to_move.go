// SPDX-License-Identifier: Apache-2.0

// Package selection selects the namespaces that a run moves, and divides them into
// waves.
package selection

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// NothingToMove is the error of an upgrade whose selection is on the revision already.
// It is no failure for a user who wants just that.
type NothingToMove struct {
	Revision   string
	Namespaces []string // those that were named; none: all
	LeftOut    string   // what is left out as another mesh's, "" for nothing
}

func (e NothingToMove) Error() string {
	if len(e.Namespaces) == 0 {
		return fmt.Sprintf("nothing to move: no namespace is bound to a revision other than %s%s", e.Revision, e.LeftOut)
	}
	return fmt.Sprintf("nothing to move: revision %s is the one in use in %s", e.Revision, strings.Join(e.Namespaces, ", "))
}

// nothingToMove tells a mesh that is completely on the revision from one that is bound
// to no revision, and from one whose old revision is to be removed.
func nothingToMove(w mesh.World, in step.Intent, named []string) error {
	there := len(named) > 0 || slices.ContainsFunc(w.Namespaces, func(ns mesh.Namespace) bool {
		return ns.Name != w.RootNamespace && (binding.InjectedBy(w, ns) == in.Revision || uses(w, ns.Name, in.Revision))
	})
	e := NothingToMove{Revision: in.Revision, Namespaces: named, LeftOut: otherMeshesLeftOut(w)}
	switch {
	case !there:
		return errors.New(
			"select namespaces: no namespace is bound to a revision, by its labels, by the default revision, or by its pods' own labels: " +
				"name the namespaces to move with -n" + e.LeftOut,
		)
	case in.Remove:
		return fmt.Errorf(
			"remove the old revision: %w: only the run that moved the mesh knows its old revision: give its --name (`kubectl get "+
				"meshupgrades`), or remove the old revision with the tool that installed it",
			e,
		)
	}
	return e
}

// otherMeshesLeftOut names the other meshes whose namespaces are left out, "" for none.
func otherMeshesLeftOut(w mesh.World) string {
	var flags []string
	for _, m := range w.OtherMeshes {
		if len(m.Namespaces) > 0 {
			flags = append(flags, "--istio-namespace "+m.RootNamespace)
		}
	}
	if len(flags) == 0 {
		return ""
	}
	return "; namespaces of another mesh are left out: to move those, run the same command with " + strings.Join(flags, " or ")
}

// uses reports whether a sidecar of the revision runs in a namespace.
func uses(w mesh.World, namespace, revision string) bool {
	return slices.ContainsFunc(w.WorkloadsIn(namespace), func(wl mesh.Workload) bool { return slices.Contains(wl.Sidecars(), revision) })
}
