// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Text returns the proposal for people.
func (p Proposal) Text(style format.Style) string {
	lines := p.introduction(style)
	if len(p.Plan.Stages) == 0 {
		return strings.Join(lines, "\n") + "\nNothing is left to do.\n"
	}
	v := newPlanView(p, style)
	totals := p.totals()
	lines = slices.Concat(lines, style.Wrap("", totals[0]), v.outside("Before the waves", false), v.waves(),
		v.outside("After the waves", true),
		v.strategies(), v.gaps(), v.notes(), []string{""})
	for _, sentence := range totals[1:] {
		lines = append(lines, style.Wrap("", sentence)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// introduction names the plan, and how it relates to earlier runs.
func (p Proposal) introduction(style format.Style) []string {
	lines := style.WrapIn(format.Strong, "", p.title())
	if p.Replaces != "" {
		lines = append(lines, style.Wrap("", "This run replaces the record of "+p.Replaces+". To keep it, give this run another --name.")...)
	}
	for _, later := range p.Later {
		lines = append(lines, style.Wrap("", "A later run exists: "+later+". This rollback restores the state before run "+p.Run+".")...)
	}
	if len(p.Changed) > 0 {
		lines = append(lines, "", style.Paint(format.Strong, "Changed since the run began"))
	}
	for _, c := range p.Changed {
		lines = append(lines, style.Wrap("  ", c)...)
	}
	return lines
}

func (p Proposal) title() string {
	t := p.Plan.Target
	scope := fmt.Sprintf("%s in %s", countMoved(t.Namespaces(), t.Gateways()), format.Count(len(t.Waves), "wave"))
	switch {
	case advice.OnlyRemoves(p.Plan.Stages):
		return fmt.Sprintf("Plan %s: remove revision %s; %s %s moved to revision %s already",
			p.Run, strings.Join(t.Remove, ", "), format.Count(len(t.Namespaces()), "namespace"), format.Are(len(t.Namespaces())), t.Revision)
	case t.OnlyWave > 0:
		return fmt.Sprintf("Plan %s: roll back wave %d (%s) to the state before the run",
			p.Run, t.OnlyWave, countMoved(t.Namespaces(), t.Gateways()))
	case t.Rollback:
		return fmt.Sprintf("Plan %s: roll back %s to the state before the run", p.Run, scope)
	case t.Version != "":
		return fmt.Sprintf("Plan %s: upgrade %s to revision %s (Istio %s)", p.Run, scope, t.Revision, t.Version)
	}
	return fmt.Sprintf("Plan %s: upgrade %s to revision %s", p.Run, scope, t.Revision)
}

// lastWave returns the highest number of a wave.
func lastWave(groups []step.Wave) int {
	n := 0
	for _, g := range groups {
		n = max(n, g.Number)
	}
	return n
}
