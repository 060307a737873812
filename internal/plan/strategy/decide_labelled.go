// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// decideLabelled is the way of a workload whose template is given another label on it:
// that write is seen by its controller, too.
func decideLabelled(p step.Policy, wl mesh.Workload, way step.Decision) step.Decision {
	why, clears := binding.TemplateLabelBlocked(wl)
	switch {
	case why != "":
		return step.Decision{Strategy: step.Blocked, Reason: why, Remedy: clears}
	case way.Strategy == step.Automatic:
		way.Reason = binding.LabelTemplateReason
	case way.Strategy == step.ByEviction && wl.Rollout.Paused:
		return step.Decision{Strategy: step.Blocked, Reason: "its pods' own label binds it, and while its rollouts are paused its pods are made anew from the template before, with the label that they have",
			Remedy: "resume them, and take the rule away that has it evicted; or bind its namespace instead"}
	case againstController(p, wl, way) && !isRollback(p):
		return ruleUnfit(wl, p.RuleFor(wl), "its pods' own label binds it: its template is pinned, and its controller rolls it for that")
	case wl.Kind == mesh.ArgoRollout:
		return step.Decision{Strategy: step.ByRestart, Reason: labelledRolloutReason}
	}
	return way
}

// labelledRolloutReason: of a Rollout of Argo the label is all that is written. With
// spec.restartAt beside it the pods of its stable ReplicaSet would be ended first,
// and made anew with the label that they have (rollout/restart.go @v1.9.2).
const labelledRolloutReason = "its pods' own label binds it: that label is written into its template, and its own strategy rolls it out, with its steps, pauses and analysis; a pause that nobody ends holds the run when it takes longer than the ready timeout"

// againstController reports whether a rule has a workload moved in another way than its
// controller does by itself, for a label in its template.
func againstController(p step.Policy, wl mesh.Workload, way step.Decision) bool {
	switch wl.Kind {
	case mesh.ArgoRollout:
		r := p.RuleFor(wl)
		return r.Strategy == step.ByEviction || r.Strategy == step.ByField
	case mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet:
		return way.Strategy == step.ByEviction && !wl.Rollout.OnDelete && !wl.Rollout.Paused
	}
	return false
}

// isRollback reports whether the way is that back to the baseline.
func isRollback(p step.Policy) bool { return p.Run != "" }
