// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/rerig/rerig/internal/mesh"

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
	case p.otherwise(wl, way) && !p.back():
		return misfit(wl, p.rule(wl), "its pods' own label binds it: its template is pinned, and its controller rolls it for that")
	case wl.Kind == mesh.ArgoRollout:
		return Passage{Way: ByRestart, Why: pinnedRollout}
	}
	return way
}

// pinnedRollout: of a Rollout of Argo the label is all that is written. With
// spec.restartAt beside it the pods of its stable ReplicaSet would be ended first,
// and made anew with the label that they have (rollout/restart.go @v1.9.2).
const pinnedRollout = "its pods' own label binds it: that label is written into its template, and its own strategy rolls it out, with its steps, pauses and analysis; a pause that nobody ends holds the run when it takes longer than the ready timeout"

// otherwise reports whether a rule has a workload moved in another way than its
// controller does by itself, for a label in its template.
func (p Policy) otherwise(wl mesh.Workload, way Passage) bool {
	switch wl.Kind {
	case mesh.ArgoRollout:
		r := p.rule(wl)
		return r.Way == ByEviction || r.Way == ByField
	case mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet:
		return way.Way == ByEviction && !wl.Rollout.Manual && !wl.Rollout.Paused
	}
	return false
}

// back reports whether the way is that back to the baseline.
func (p Policy) back() bool { return p.Run != "" }
