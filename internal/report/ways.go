// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
)

// ways says how the workloads are moved, and why so; those with the same reason
// together. What is not moved is among the notes, with what would clear it.
func ways(p format.Style, list []plan.Course) []string {
	subjects, order := map[plan.Passage][]string{}, []plan.Passage{}
	for _, c := range list {
		if !c.Moves() {
			continue
		}
		if len(subjects[c.Passage]) == 0 {
			order = append(order, c.Passage)
		}
		subjects[c.Passage] = append(subjects[c.Passage], c.Subject)
	}
	if len(order) == 0 {
		return nil
	}
	lines := []string{"", p.Paint(format.Strong, "How they are moved, and why so")}
	for _, o := range order {
		lines = append(lines, p.Wrap("  "+word(o.Way)+strings.Repeat(" ", max(9-len(word(o.Way)), 1)), format.List(subjects[o], many)+": "+o.Why)...)
	}
	return lines
}

// word is a way as the waves' lines name it.
func word(w plan.Way) string {
	if w == plan.ByField {
		return "restart"
	}
	return string(w)
}
