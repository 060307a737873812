// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Plan is what is shown and approved: the stages that are left, and what to know before
// approving them.
type Plan struct {
	Target    step.Target                 `json:"-"`
	Stages    []step.Stage                `json:"stages"`
	Notes     []step.Note                 `json:"notes,omitempty"`
	Decisions []strategy.WorkloadDecision `json:"decisions,omitempty"` // how each workload is moved, and why
	Digest    string                      `json:"digest"`              // of the changing steps
}

// Make returns the plan: the steps that the engine will take, notes on them, and the
// digest of the changes.
func Make(w mesh.World, t step.Target, l step.Ledger) Plan {
	stages := Steps(w, t, l)
	return Plan{
		Target: t, Stages: stages, Notes: advice.Relevant(advice.Notes(w, t), stages),
		Decisions: strategy.Decisions(w, t), Digest: Digest(step.Changing(stages)),
	}
}
