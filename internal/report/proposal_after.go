// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// after lists what follows the waves: every object that would be deleted, by name.
func (p Proposal) after(style format.Style) []string {
	var lines []string
	var rows [][]format.Cell
	tries := 0
	for _, s := range step.Flat(p.Plan.Stages) {
		if s.Wave == 0 && !p.Plan.Target.Rollback {
			lines = append(lines, p.around(style, s)...)
		}
		switch {
		case s.Kind == step.DryRun:
			tries++
		case s.Kind != step.Remove:
		case s.By != "":
			rows = append(rows, format.Row("await", s.Subject, "is taken away by "+s.By))
		default:
			rows = append(rows, format.Row("remove", s.Subject, "of revision "+s.To+", when nothing holds on to it"))
		}
	}
	if tries > 0 {
		rows = append(rows, format.Row("try", "by dry run", "that pods and configuration are still admitted"))
	}
	if len(rows) == 0 && len(lines) == 0 {
		return nil
	}
	lines = append([]string{style.Paint(format.Strong, "After the waves")}, lines...)
	return append(lines, style.Table("  ", rows)...)
}
