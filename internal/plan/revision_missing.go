// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RevisionMissing is the error of a run that was begun, and to whose revision nothing can be
// moved: other hands have taken it away, and the run is not one that installs it.
// The target that comes with it is whole, and the way back needs none of it.
type RevisionMissing struct{ Run, Revision, Has string }

// Found says what was found.
func (g RevisionMissing) Found() string {
	return fmt.Sprintf("revision %s is gone, and this run, which found it there, does not install it: the cluster has %s", g.Revision, g.Has)
}

// Advice says what to do.
func (g RevisionMissing) Advice() string {
	return fmt.Sprintf("Install it again as it was, and run the same command again, which goes on; or take everything back with `rerig rollback %s`.", g.Run)
}

func (g RevisionMissing) Error() string {
	return fmt.Sprintf("go on with run %s: %s. %s", g.Run, g.Found(), g.Advice())
}

// validateRevision is the error of a revision that is not there and that nothing brings up:
// before a run begins, its request has to be another one.
func validateRevision(w mesh.World, in step.Intent, begins bool) error {
	_, there := w.Revision(in.Revision)
	none := fmt.Sprintf("no istiod in namespace %s, no injection webhook", w.RootNamespace)
	switch {
	case begins && len(w.Revisions) == 0:
		return fmt.Errorf("find the mesh: no Istio control plane was found (%s): name its namespace with --istio-namespace", none)
	case there || in.Installable:
		return nil
	case begins:
		return fmt.Errorf("find revision %s: the cluster has %s: say how it is brought up (--operator FILE, --chart CHART, or --await), or correct its name", in.Revision, revisionNames(w))
	case len(w.Revisions) == 0:
		return RevisionMissing{in.Run, in.Revision, "no Istio control plane at all (" + none + ")"}
	}
	return RevisionMissing{in.Run, in.Revision, revisionNames(w)}
}
