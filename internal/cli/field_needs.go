// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// fieldNeeds are what it takes to write into objects whose kinds most plans leave
// alone, those of other projects, CronJobs and bare ReplicaSets: asked for where
// the plan has such a step, and in its namespace.
func fieldNeeds(w mesh.World, stages []plan.Stage) []install.Need {
	var needs []install.Need
	for _, s := range plan.Flat(stages) {
		wl, ok := w.Workload(s.Subject)
		switch {
		case !ok || s.Kind != plan.Restart && s.Pin == "":
			continue
		case wl.Kind == mesh.CronJob:
			needs = append(needs, install.Need{Verb: "patch", Group: "batch", Resource: "cronjobs", Namespace: wl.Namespace})
			continue
		case wl.Kind == mesh.ReplicaSet:
			needs = append(needs, install.Need{Verb: "patch", Group: "apps", Resource: "replicasets", Namespace: wl.Namespace})
			continue
		case s.API == "" || wl.Served == "":
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
