// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
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

// NewLedger returns the ledger of a run that begins: its baseline, its waves, and the
// approved plan.
func NewLedger(p Plan, at time.Time) step.Ledger {
	l := step.Ledger{Baseline: p.Target.Baseline, Rendered: p.Target.Rendered, RenderedInputs: p.Target.RenderedInputs}
	for _, g := range p.Target.Waves {
		l.Waves = append(l.Waves, g.Namespaces)
	}
	return Approve(l, p, at)
}

// Approve returns the ledger once a plan is approved. The previous approval, and what
// held the run, no longer count. Baseline and waves remain those of the first approval.
func Approve(l step.Ledger, p Plan, at time.Time) step.Ledger {
	l = l.Clone()
	l.NoteUnannotated()
	l.Approved, l.Reached, l.RollbackApproved = step.Changing(p.Stages), 0, p.Target.Rollback
	l.Revert, l.Held, l.Stopping, l.RevertCause, l.Ended = 0, nil, nil, nil, time.Time{}
	l.Restarts, l.Evictions, l.Waiting, l.Soaking, l.SoakedHealthy = nil, nil, nil, nil, nil
	swap.ForgetVerdicts(l, p.Stages)
	if l.Started.IsZero() {
		l.Started = at
	}
	return l
}
