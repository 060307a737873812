// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// ways says how the workloads are moved, and why so; those with the same reason
// together. What is not moved is among the notes, with what would clear it.
func ways(p format.Style, list []strategy.WorkloadDecision) []string {
	subjects, order := map[step.Decision][]string{}, []step.Decision{}
	for _, c := range list {
		if !c.Moves() {
			continue
		}
		if len(subjects[c.Decision]) == 0 {
			order = append(order, c.Decision)
		}
		subjects[c.Decision] = append(subjects[c.Decision], c.Subject)
	}
	if len(order) == 0 {
		return nil
	}
	lines := []string{"", p.Paint(format.Strong, "How they are moved, and why so")}
	for _, o := range order {
		lines = append(lines, p.Wrap("  "+word(o.Strategy)+strings.Repeat(" ", max(9-len(word(o.Strategy)), 1)), format.List(subjects[o], many)+": "+o.Reason)...)
	}
	return lines
}

// word is a way as the waves' lines name it.
func word(w step.Strategy) string {
	if w == step.ByField {
		return "restart"
	}
	return string(w)
}
