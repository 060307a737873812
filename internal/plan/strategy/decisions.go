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
					list = append(list, WorkloadDecision{Workload: wl.Ref(), Decision: decide(t, wl)})
				}
			}
		}
	}
	return list
}

// decide returns the decision for a workload, with the reason that fits a rollback.
func decide(t step.Target, wl mesh.Workload) step.Decision {
	p := Decide(t.Policy, wl)
	if len(swap.PodsOf(wl, t).Parked) > 0 && t.Rollback && p.Strategy == step.BySwap {
		p.Reason = "its swap has begun: the parked pods serve again"
	}
	return p
}
