// SPDX-License-Identifier: Apache-2.0

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

// NothingToMove is the error of an upgrade of which everything is there already: what was
// selected is on the revision. For somebody who wants it there, that is no failure.
type NothingToMove struct {
	Revision   string
	Namespaces []string // that were named; none: the whole mesh
}

func (e NothingToMove) Error() string {
	if len(e.Namespaces) == 0 {
		return fmt.Sprintf("nothing to move: no namespace is bound to a revision other than %s", e.Revision)
	}
	return fmt.Sprintf("nothing to move: revision %s is the one in use in %s", e.Revision, strings.Join(e.Namespaces, ", "))
}

// nothingToMove tells a mesh that is wholly on a revision already from one of which
// nothing is bound to any, and from one whose old revision is to go.
func nothingToMove(w mesh.World, in step.Intent, named []string) error {
	there := len(named) > 0 || slices.ContainsFunc(w.Namespaces, func(ns mesh.Namespace) bool {
		return ns.Name != w.RootNamespace && (binding.InjectedBy(w, ns) == in.Revision || uses(w, ns.Name, in.Revision))
	})
	e := NothingToMove{in.Revision, named}
	switch {
	case !there:
		return errors.New("select namespaces: no namespace is bound to a revision, by its labels, by default, or by its pods' own labels: name with -n what is to be moved")
	case in.Remove:
		return fmt.Errorf("take the old revision away: %w: only the run that moved the mesh knows what it left: give its --name (`kubectl get meshupgrades`), or take the old revision away by what installed it", e)
	}
	return e
}

// uses reports whether a sidecar of a revision runs in a namespace.
func uses(w mesh.World, namespace, revision string) bool {
	return slices.ContainsFunc(w.In(namespace), func(wl mesh.Workload) bool { return slices.Contains(wl.Sidecars(), revision) })
}
