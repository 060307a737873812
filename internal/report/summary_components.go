// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// gatewayTable lists the gateways that the run does not move, with the revision that they
// keep.
func (g Summary) gatewayTable(style format.Style) []string {
	var rows [][]format.Cell
	for _, wl := range g.World.Workloads {
		if !wl.Gateway || g.Target.Policy.Includes(wl) && g.has(wl) {
			continue
		}
		var istiods []string
		for _, c := range connectionsOf(g.World, wl) {
			istiods = append(istiods, c.Revision+" "+c.Istiod)
		}
		rows = append(rows, format.Row(string(wl.Ref()), orUnknown(g.Ledger.Baseline.Sidecars[wl.Ref()]),
			cmp.Or(mesh.JoinRevisions(wl.Sidecars()), "none"), podCounts(wl), cmp.Or(strings.Join(istiods, ", "), "no istiod")))
	}
	return section(style, format.Header("GATEWAY", "BEFORE", "NOW", "PODS", "CONNECTED TO"), rows, "gateway")
}

// contestedGateways lists the Gateways that two revisions claim, or will claim.
func (g Summary) contestedGateways(style format.Style) []string {
	notes := advice.ContestedGateways(g.World, g.Target)
	if len(notes) == 0 {
		return nil
	}
	lines := []string{"", style.Paint(format.Warn, "Gateways claimed by two revisions")}
	return append(lines, paragraphs(style, notes, "object", eachOfThese)...)
}

// controlPlaneTable lists the control planes and what each is used for.
func (g Summary) controlPlaneTable(style format.Style) []string {
	var rows [][]format.Cell
	list, tags := controlPlanes(g.World), tagsByRevision(g.World)
	for _, c := range list {
		rows = append(rows, format.Row(c.Name, orUnknown(c.Version), fmt.Sprintf("%d/%d", c.Ready, c.Wanted), fmt.Sprint(c.Proxies),
			controlPlaneUse(c, tags[c.Name])))
	}
	return section(style, format.Header("CONTROL PLANE", "VERSION", "READY", "PROXIES", ""), rows, "control plane")
}

func controlPlaneUse(c ControlPlane, tags []string) string {
	names := strings.Join(tags, ", ")
	switch {
	case c.Proxies > 0 && names != "":
		return "in use; tag " + names
	case c.Proxies > 0:
		return "in use"
	case names != "":
		return "no proxies, tag " + names + " refers to it; stays installed"
	}
	return "unused; stays installed"
}

// next lists the commands that make sense now.
func (g Summary) next(style format.Style) []string {
	var rows [][]format.Cell
	add := func(command, effect string) { rows = append(rows, format.Row(style.Commands.Line(command), effect)) }
	add("rerig inventory", "show the revision of every workload")
	rollback := func() { add("rerig rollback "+g.Run, "restore the state before the run") }
	switch g.Outcome {
	case engine.Completed:
		if staying := g.staying(); len(staying) > 0 {
			names := strings.Join(staying, ", ")
			if len(staying) > shownNames {
				names = fmt.Sprintf("the %d workloads that stay", len(staying))
			}
			add("the same command again", "move "+names+" as well, once the reason above is gone, or with another --workload rule")
		}
		rollback()
	case engine.Held:
		add("rerig status "+g.Run, "show the state of the run")
		if g.Intent.Rollback {
			add("rerig rollback "+g.Run, "continue, once the problem is fixed")
			break
		}
		add("the same command again", "continue, once the problem is fixed")
		rollback()
		if h := g.Ledger.Held; h != nil && g.canLeave(*h) {
			add(fmt.Sprintf("the same with --workload '%s=leave'", h.Subject), "continue without it: it stays on the revision that it has")
		}
	}
	return append([]string{"", style.Paint(format.Dim, "NEXT")}, commandTable(style, rows)...)
}

// commandTable lists commands with their effects. A command stays on one line, to be
// copied: where the rows do not fit, the effect of a long one is below it.
func commandTable(style format.Style, rows [][]format.Cell) []string {
	lines := style.Table("", rows)
	if len(lines) == len(rows) {
		return lines
	}
	column := 2
	for _, r := range rows {
		if n := format.Width(r[0].Text); n <= style.Width/2 {
			column = max(column, n)
		}
	}
	lines = nil
	for _, r := range rows {
		lead := r[0].Text
		if format.Width(lead) > column {
			lines, lead = append(lines, lead), ""
		}
		lead += strings.Repeat(" ", column-format.Width(lead)+2)
		lines = append(lines, style.Wrap(lead, r[1].Text)...)
	}
	return lines
}

// canLeave reports whether the run could continue without the workload that it is
// held at.
func (g Summary) canLeave(h step.Hold) bool {
	wl, exists := g.World.Workload(mesh.WorkloadRef(h.Subject))
	reason := h.Reason == step.ReasonTimedOut || h.Reason == step.ReasonCheckFailed
	return exists && reason && h.Wave > 0 && !wl.Swapping() && strategy.Decide(g.Target.Policy, wl).Moves()
}
