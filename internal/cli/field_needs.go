// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// fieldNeeds are what it takes to write a time into objects of other projects'
// kinds: asked for where the plan has such a step, and in its namespace.
func fieldNeeds(w mesh.World, stages []plan.Stage) []install.Need {
	var needs []install.Need
	for _, s := range plan.Flat(stages) {
		wl, ok := w.Workload(s.Subject)
		if s.Kind != plan.Restart || s.API == "" || !ok || wl.Served == "" {
			continue
		}
		group, _, grouped := strings.Cut(s.API, "/")
		if !grouped {
			group = ""
		}
		needs = append(needs, install.Need{Verb: "patch", Group: group, Resource: wl.Served, Namespace: wl.Namespace})
	}
	return needs
}
