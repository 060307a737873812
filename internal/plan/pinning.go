// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// pinning is the way of a workload whose template is given another label on it:
// that write is seen by its controller, too.
func (p Policy) pinning(wl mesh.Workload, way Passage) Passage {
	why, clears := unpinnable(wl)
	switch {
	case why != "":
		return Passage{Way: Stuck, Why: why, Clears: clears}
	case way.Way == ByItself:
		way.Why = presetWhy
	case way.Way == ByEviction && wl.Rollout.Paused:
		return Passage{Way: Stuck, Why: "its pods' own label binds it, and while its rollouts are paused its pods are made anew from the template before, with the label that they have",
			Clears: "resume them, and take the rule away that has it evicted; or bind its namespace instead"}
	case way.Way == ByEviction && rolls(wl) && !p.back():
		return misfit(wl, p.rule(wl), "its pods' own label binds it: its template is pinned, and its controller rolls it for that")
	}
	return way
}

// rolls reports whether a workload's controller replaces its pods by itself as soon
// as its template changes.
func rolls(wl mesh.Workload) bool {
	return slices.Contains([]mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet}, wl.Kind) && !wl.Rollout.Manual && !wl.Rollout.Paused
}

// back reports whether the way is that back to the baseline.
func (p Policy) back() bool { return p.Run != "" }
