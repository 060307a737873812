// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// WorkloadDecision is how one workload is moved, or why it is not.
type WorkloadDecision struct {
	Workload mesh.WorkloadRef `json:"subject"`
	step.Decision
}

// Decisions are those of every workload with a sidecar, or with one to come, in the
// namespaces that a target moves.
func Decisions(w mesh.World, t step.Target) []WorkloadDecision {
	var list []WorkloadDecision
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			for _, wl := range w.In(name) {
				if wl.Injected() || wl.Gateway || len(w.Injectors(ns, wl.Template)) > 0 {
					list = append(list, WorkloadDecision{Workload: wl.Ref(), Decision: decide(t, wl)})
				}
			}
		}
	}
	return list
}

// decide is how a workload is moved, in the words of the direction.
func decide(t step.Target, wl mesh.Workload) step.Decision {
	p := Decide(t.Policy, wl)
	if len(swap.PodsOf(wl, t).Parked) > 0 && t.Rollback && p.Strategy == step.BySwap {
		p.Reason = "a swap has begun on it: the same pods that were parked take their places back"
	}
	return p
}
