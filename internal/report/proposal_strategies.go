// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// shownNames is how many names a group shows in one line.
const shownNames = 4

// strategies lists how the workloads are moved and why, those with the same
// reason together. The notes list what is not moved; what was moved already is left out.
func (v planView) strategies() []string {
	subjects, order := map[step.Decision][]string{}, []step.Decision{}
	moving := map[string]bool{}
	for _, s := range step.Flat(v.Plan.Stages) {
		moving[string(s.Subject)] = moving[string(s.Subject)] || s.Kind.MovesPods()
	}
	for _, c := range v.Plan.Decisions {
		if !c.Moves() || !moving[string(c.Workload)] {
			continue
		}
		if len(subjects[c.Decision]) == 0 {
			order = append(order, c.Decision)
		}
		subjects[c.Decision] = append(subjects[c.Decision], string(c.Workload))
	}
	if len(order) == 0 {
		return nil
	}
	lines, shown := []string{"", v.style.Paint(format.Strong, "Strategies")}, 0
	for _, decision := range order {
		if len(lines) > screenful && !v.style.Details {
			break
		}
		shown++
		lead := fmt.Sprintf("  %-8s ", strategyName(decision.Strategy))
		lines = append(lines, v.style.Wrap(lead, named(v.style, subjects[decision])+": "+decision.Reason)...)
	}
	return folded(lines, len(order)-shown, v.style, "reason")
}

// named names workloads, or counts them and names the first ones.
func named(style format.Style, keys []string) string {
	if len(keys) <= shownNames || style.Details {
		return format.List(keys, len(keys))
	}
	return fmt.Sprintf("%s (%s)", format.Count(len(keys), "workload"), format.List(keys, shownNames))
}

// strategyName returns a strategy as the rows of the waves name it.
func strategyName(w step.Strategy) string {
	if w == step.ByField {
		return "restart"
	}
	return string(w)
}
