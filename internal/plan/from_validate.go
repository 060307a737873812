// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// ValidateFrom refuses a revision from which an upgrade is said to have been begun by
// other hands (Intent.From), and to which nothing could be taken back: one that is
// not there, or the one that the run moves to. It is asked when the word is given:
// of a run that bears it already, the revision may have gone by the run itself.
func ValidateFrom(w mesh.World, in step.Intent) error {
	if in.From == "" {
		return nil
	}
	if in.From == in.Revision {
		return fmt.Errorf("take up what other hands began: --from %s (spec.from) is the revision that the run moves to: say the one that they moved it from; the cluster has %s", in.From, revisionNames(w))
	}
	if _, there := w.Revision(in.From); !there {
		return fmt.Errorf("take up what other hands began: --from %s (spec.from) is no revision that is there, and nothing could be taken back to it: the cluster has %s", in.From, revisionNames(w))
	}
	return nil
}

// revisionNames lists the revisions that are there.
func revisionNames(w mesh.World) string {
	var list []string
	for _, r := range w.Revisions {
		list = append(list, r.Name)
	}
	return strings.Join(list, ", ")
}
