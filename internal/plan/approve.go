// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// NewLedger is the ledger of a run that begins: the mesh as it was found, the
// namespaces as they were divided, and what was agreed to.
func NewLedger(p Plan, at time.Time) step.Ledger {
	l := step.Ledger{Baseline: p.Target.Baseline}
	for _, g := range p.Target.Waves {
		l.Waves = append(l.Waves, g.Namespaces)
	}
	return Approve(l, p, at)
}

// Approve is the ledger once somebody has agreed to a plan: what was approved
// before, and what stopped the run then, count no more. Baseline and waves are
// those of the run's first approval.
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
