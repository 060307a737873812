// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// ValidateFrom rejects Intent.From if that revision does not exist or equals the target.
// It runs only when --from is first given: on resume the run itself may have removed the
// revision.
func ValidateFrom(w mesh.World, in step.Intent) error {
	if in.From == "" {
		return nil
	}
	if in.From == in.Revision {
		return fmt.Errorf("take over an upgrade: --from %s (spec.from) is the target revision: name the revision that the mesh was moved from; "+
			"the cluster has %s", in.From, revisionNames(w))
	}
	if _, exists := w.Revision(in.From); !exists {
		return fmt.Errorf("take over an upgrade: --from %s (spec.from): that revision does not exist, so that nothing could be "+
			"rolled back to it: the cluster has %s", in.From, revisionNames(w))
	}
	return nil
}

// revisionNames lists the existing revisions.
func revisionNames(w mesh.World) string {
	var list []string
	for _, r := range w.Revisions {
		list = append(list, r.Name)
	}
	return strings.Join(list, ", ")
}
