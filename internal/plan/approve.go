// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// NewLedger returns the ledger of a run that begins: its baseline, its waves, and the
// approved plan.
func NewLedger(p Plan, at time.Time) step.Ledger {
	l := step.Ledger{Baseline: p.Target.Baseline, Rendered: p.Target.Rendered}
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
