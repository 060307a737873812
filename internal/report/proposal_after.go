// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/plan"
)

// after lists what follows the waves: every object that would be deleted, by name.
func (p Proposal) after(paper Paper) []string {
	var lines []string
	var rows [][]cell
	tries := 0
	for _, s := range plan.Flat(p.Plan.Stages) {
		if s.Wave == 0 && !p.Plan.Target.Back {
			lines = append(lines, p.around(paper, s)...)
		}
		switch {
		case s.Kind == plan.Try:
			tries++
		case s.Kind != plan.Remove:
		case s.By != "":
			rows = append(rows, row("await", s.Subject, "is taken away by "+s.By))
		default:
			rows = append(rows, row("remove", s.Subject, "of revision "+s.To+", when nothing holds on to it"))
		}
	}
	if tries > 0 {
		rows = append(rows, row("try", "by dry run", "that pods and configuration are still admitted"))
	}
	if len(rows) == 0 && len(lines) == 0 {
		return nil
	}
	lines = append([]string{paper.paint(strong, "After the waves")}, lines...)
	return append(lines, paper.table("  ", rows)...)
}
