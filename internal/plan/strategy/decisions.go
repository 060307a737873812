// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// WorkloadDecision is how one workload is moved, or why it is not moved.
type WorkloadDecision struct {
	Workload mesh.WorkloadRef `json:"subject"`
	step.Decision
}

// Decisions returns the decision for every gateway, and for every workload that has, or
// will have, sidecars, in the namespaces of a target.
func Decisions(w mesh.World, t step.Target) []WorkloadDecision {
	var list []WorkloadDecision
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			for _, wl := range w.WorkloadsIn(name) {
				if wl.Injected() || wl.Gateway || len(w.Injectors(ns, wl.Template)) > 0 {
					list = append(list, WorkloadDecision{Workload: wl.Ref(), Decision: DecideFor(t, wl)})
				}
			}
		}
	}
	return list
}

// DecideFor returns the decision for a workload of a target, with the reason that fits a
// rollback.
func DecideFor(t step.Target, wl mesh.Workload) step.Decision {
	p := Decide(t.Policy, wl)
	if wl.Gateway && p.Moves() && t.RevisionOf(wl) == "" {
		return step.Decision{
			Strategy: step.Leave, Reason: "gateway whose own labels choose its revision, not its namespace's: it stays on its revision",
			Remedy: "change the revision with the tool that owns its template (chart gateway: helm upgrade --set revision=REVISION), " +
				"or label its namespace",
		}
	}
	if len(swap.PodsOf(wl, t).Parked) > 0 && t.Rollback && p.Strategy == step.BySwap {
		p.Reason = "its swap has begun: the parked pods serve again"
	}
	return p
}
