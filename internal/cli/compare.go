// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/verify"
)

// compare reads how the control planes are set up, for a run that goes forward,
// and returns what would break, where the new one is there already. What merely
// differs is noted; once the new one is installed the run itself compares.
func (r *run) compare(ctx context.Context, h home, p report.Proposal, version string) (mesh.Setups, []verify.Verdict, error) {
	t := p.Plan.Target
	if t.Back {
		return mesh.Setups{}, nil, nil
	}
	setups, err := h.Setups(ctx, t.Present(p.World))
	if err != nil {
		return setups, nil, fmt.Errorf("compare the control planes: %w", err)
	}
	if _, there := p.World.Revision(t.Revision); !there || installs(p.Plan.Stages) {
		return setups, nil, nil
	}
	facts := verify.Facts{World: p.World, Revision: t.Revision, Version: version, Setups: setups, Olds: r.olds(p)}
	var bad []verify.Verdict
	for _, v := range verify.Judge(verify.Alike, t.Revision, facts) {
		if v.Result == verify.Fail || v.Result == verify.Wait {
			bad = append(bad, v)
		}
	}
	return setups, bad, nil
}

func (r *run) olds(p report.Proposal) []string {
	return plan.Olds(p.World, r.intent, r.ledger, p.Plan.Target)
}
