// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RevisionMissing is the error of a run that has begun and whose target revision was
// removed since, where the run does not install it. The target returned with it is
// complete, and a rollback does not need the revision.
type RevisionMissing struct{ Run, Revision, Has string }

// Found says what was observed.
func (g RevisionMissing) Found() string {
	return fmt.Sprintf("revision %s does not exist any more, and this run does not install it: the cluster has %s", g.Revision, g.Has)
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
	none := fmt.Sprintf("no istiod in namespace %s, no injection webhook", w.RootNamespace)
	switch {
	case begins && len(w.Revisions) == 0:
		return fmt.Errorf("find the mesh: no Istio control plane was found (%s): name its namespace with --istio-namespace", none)
	case there || in.Installable:
		return nil
	case begins:
		return fmt.Errorf(
			"find revision %s: the cluster has %s. Say how to install it (--operator FILE, --chart CHART, or --await), or correct its name",
			in.Revision, revisionNames(w),
		)
	case len(w.Revisions) == 0:
		return RevisionMissing{Run: in.Run, Revision: in.Revision, Has: "no Istio control plane at all (" + none + ")"}
	}
	return RevisionMissing{Run: in.Run, Revision: in.Revision, Has: revisionNames(w)}
}
