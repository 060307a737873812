// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
)

// The rollback of a failed wave is not titled like that of everything.
func TestRollbackNamesItsWave(t *testing.T) {
	o := finished()
	for _, c := range []struct {
		name         string
		wave         int // 0 for all
		plan, status string
		titleOfWave  string
	}{
		{name: "everything", plan: "roll back 2 namespaces in 2 waves to the state before the run", titleOfWave: "Wave 1 of 2",
			status: "rollback to the state before the upgrade to revision 1-31-0 (Istio 1.31.0)"},
		{name: "one wave", wave: 1, plan: "roll back wave 1 (1 namespace) to the state before the run", titleOfWave: "Wave 1  shop-data",
			status: "rollback of wave 1, which failed in the upgrade to revision 1-31-0 (Istio 1.31.0)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := reporttest.Intent
			in.Rollback = c.wave == 0
			target := plan.RollbackTarget(in, o.Ledger, c.wave)
			p := Proposal{Run: in.Run, Plan: plan.Make(o.World, target, o.Ledger), World: o.World, Intent: in}
			s := Status{Run: in.Run, Intent: in, World: o.World, Target: target, Ledger: o.Ledger, Left: p.Plan.Stages}
			for _, shown := range []struct{ page, want string }{
				{page: p.Text(format.Style{}), want: c.plan},
				{page: p.Text(format.Style{}), want: c.titleOfWave},
				{page: s.Text(format.Style{}), want: c.status},
			} {
				if !strings.Contains(shown.page, shown.want) {
					t.Errorf("want %q in:\n%s", shown.want, shown.page)
				}
			}
		})
	}
}
