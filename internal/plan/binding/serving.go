// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"github.com/rerig/rerig/internal/mesh"
)

// Labelled reports whether the namespace's own labels ask for injection.
func Labelled(ns mesh.Namespace) bool {
	b := ns.Binding()
	if b.Injection.Set {
		return b.Injection.Value == "enabled"
	}
	return b.Revision.Set
}

// InjectedBy returns the revision that injects into a namespace by its labels alone:
// several are joined with "+", none is "".
func InjectedBy(w mesh.World, ns mesh.Namespace) string {
	return mesh.JoinRevisions(w.Injectors(ns, mesh.Template{}))
}
