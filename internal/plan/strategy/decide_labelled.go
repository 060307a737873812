// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// decideLabelled decides for a workload whose template gets another label istio.io/rev
// as well: its controller reacts to that write too.
func decideLabelled(p step.Policy, wl mesh.Workload, decision step.Decision) step.Decision {
	reason, remedy := binding.TemplateLabelBlocked(wl)
	switch {
	case reason != "":
		return blocked(reason, remedy)
	case decision.Strategy == step.Automatic:
		decision.Reason = binding.LabelTemplateReason
	case decision.Strategy == step.ByEviction && wl.Rollout.Paused:
		return blocked("its pods' own label binds it, and while its rollout is paused its pods are re-created from the previous template, "+
			"with the present label",
			"resume the rollout and remove the rule that evicts it; or bind its namespace instead")
	case againstController(p, wl, decision) && !isRollback(p):
		return ruleUnfit(wl, p.RuleFor(wl), "its pods' own label binds it: its template is labelled, and its controller rolls it for that")
	case wl.Kind == mesh.ArgoRollout:
		return step.Decision{Strategy: step.ByRestart, Reason: labelledRolloutReason}
	}
	return decision
}

// labelledRolloutReason: of an Argo Rollout only the label is written. With
// spec.restartAt as well, the pods of its stable ReplicaSet would be evicted first and
// re-created with the present label (rollout/restart.go, v1.9.2).
const labelledRolloutReason = "its pods' own label binds it: the label is written into its template, and its own strategy rolls it out, " +
	"with its steps, pauses and analysis; a pause that outlasts the ready timeout holds the run"

// againstController reports whether a rule moves a workload otherwise than its
// controller does when the label in its template changes.
func againstController(p step.Policy, wl mesh.Workload, decision step.Decision) bool {
	switch wl.Kind {
	case mesh.ArgoRollout:
		r := p.RuleFor(wl)
		return r.Strategy == step.ByEviction || r.Strategy == step.ByField
	case mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet:
		return decision.Strategy == step.ByEviction && !wl.Rollout.OnDelete && !wl.Rollout.Paused
	}
	return false
}

// isRollback reports whether the policy is that of a rollback.
func isRollback(p step.Policy) bool { return p.Run != "" }
