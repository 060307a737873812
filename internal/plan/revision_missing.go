// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RevisionMissing is the error of a run that has begun and whose target revision was
// removed since, where the run does not install it. The target returned with it is
// complete, and a rollback does not need the revision.
type RevisionMissing struct{ Run, Revision, Has string } // Has says what exists instead

// Found says what was observed.
func (g RevisionMissing) Found() string {
	return fmt.Sprintf("revision %s does not exist any more, and this run does not install it: %s", g.Revision, g.Has)
}

// Advice says what to do.
func (g RevisionMissing) Advice() string {
	return fmt.Sprintf(
		"Install it again unchanged and run the same command again to continue, or roll back with `rerig rollback %s`.",
		g.Run,
	)
}

func (g RevisionMissing) Error() string {
	return fmt.Sprintf("continue run %s: %s. %s", g.Run, g.Found(), g.Advice())
}

// validateRevision rejects a target revision that does not exist and that nothing
// installs.
func validateRevision(w mesh.World, in step.Intent, begins bool) error {
	_, there := w.Revision(in.Revision)
	switch {
	case begins && len(w.Revisions) == 0:
		return fmt.Errorf("find the mesh: %s", noControlPlane(w))
	case there || in.Installable:
		return nil
	case begins:
		return fmt.Errorf(
			"find revision %s: the cluster has %s. Say how to install it (--operator FILE, --chart CHART, or --await), or correct its name",
			in.Revision, revisionNames(w),
		)
	case len(w.Revisions) == 0:
		return RevisionMissing{Run: in.Run, Revision: in.Revision, Has: noControlPlane(w)}
	}
	return RevisionMissing{Run: in.Run, Revision: in.Revision, Has: "the cluster has " + revisionNames(w)}
}

// ValidateRoot rejects an observation whose root namespace has no control plane while
// injection webhooks call one in another namespace.
func ValidateRoot(w mesh.World) error {
	if len(w.Revisions) > 0 || len(w.OtherMeshes) == 0 {
		return nil
	}
	return fmt.Errorf("find the mesh: %s", noControlPlane(w))
}

// noControlPlane says that the root namespace has no control plane, and where the live
// webhooks say that one is.
func noControlPlane(w mesh.World) string {
	none := fmt.Sprintf("no Istio control plane was found in namespace %s (no istiod, and no injection webhook that calls one there)",
		w.RootNamespace)
	if len(w.OtherMeshes) == 0 {
		return none + ": name its namespace with --istio-namespace"
	}
	var roots []string
	for _, m := range w.OtherMeshes {
		roots = append(roots, m.RootNamespace)
	}
	return fmt.Sprintf("%s. Injection webhooks call the istiod in namespace %s: run the same command with --istio-namespace %s",
		none, strings.Join(roots, " and in "), strings.Join(roots, " or --istio-namespace "))
}
