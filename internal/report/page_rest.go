// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// gateways are named with the revision that they have: they were not moved.
func (g Summary) gateways(p format.Style) []string {
	rows := [][]format.Cell{format.Header("GATEWAY", "BEFORE", "NOW", "PODS", "SERVED BY")}
	for _, wl := range g.World.Workloads {
		if !wl.Gateway {
			continue
		}
		t := truthsOf(g.World, wl)
		var by []string
		for _, c := range t.Connected {
			by = append(by, fmt.Sprintf("%s %s", c.Revision, c.Istiod))
		}
		rows = append(rows, format.Row(wl.Key(), cmp.Or(g.Ledger.Baseline.Sidecars[wl.Key()], "?"), cmp.Or(strings.Join(wl.Sidecars(), "+"), "none"), pods(wl), cmp.Or(strings.Join(by, ", "), "nobody")))
	}
	if len(rows) == 1 {
		return nil
	}
	return append([]string{""}, p.Table("", rows)...)
}

// planes are the control planes as they stand now, and what each is for.
func (g Summary) planes(p format.Style) []string {
	rows := [][]format.Cell{format.Header("CONTROL PLANE", "VERSION", "READY", "PROXIES", "")}
	inv := InventoryOf(g.World)
	for _, c := range inv.Revisions {
		rows = append(rows, format.Row(c.Name, cmp.Or(c.Version, "?"), fmt.Sprintf("%d/%d", c.Ready, c.Wanted), fmt.Sprint(c.Proxies), g.role(c, inv)))
	}
	return append([]string{""}, p.Table("", rows)...)
}

// role says what a control plane is left for.
func (g Summary) role(c Control, inv Inventory) string {
	tags := inv.tags(c.Name)
	switch {
	case c.Proxies > 0 && tags != "":
		return "serves; tag " + tags
	case c.Proxies > 0:
		return "serves"
	case tags != "":
		return "unused, but for the tag " + tags + "; stays installed"
	}
	return "unused; stays installed"
}

// leaves reports whether the run could go on without the workload that holds it.
func (g Summary) leaves(h step.Hold) bool {
	wl, there := g.World.Workload(h.Subject)
	return there && (h.Reason == "TimedOut" || h.Reason == "CheckFailed") && h.Wave > 0 && !wl.Gateway && !wl.Swapping() && strategy.Decide(g.Target.Policy, wl).Moves()
}

// next lists what can be done now.
func (g Summary) next(p format.Style) []string {
	rows := [][]format.Cell{{format.Dim.Cell("NEXT"), {}}, format.Row("rerig inventory", "see for yourself")}
	switch g.Outcome {
	case engine.Completed:
		if stay := g.staying(); len(stay) > 0 {
			rows = append(rows, format.Row("the same command again", "move "+format.List(stay, many)+" as well, once what keeps it (see EVIDENCE) is cleared, or with another --workload rule"))
		}
		rows = append(rows, format.Row("rerig rollback "+g.Run, "take everything back to what was found before"))
	case engine.Held:
		rows = append(rows, format.Row("rerig status "+g.Run, "see where the run stands"))
		if g.Intent.Rollback {
			rows = append(rows, format.Row("rerig rollback "+g.Run, "go on, once what was found is mended"))
			break
		}
		rows = append(rows, format.Row("the same command again", "go on, once what was found is mended"),
			format.Row("rerig rollback "+g.Run, "take everything back to what was found before"))
		if h := g.Ledger.Held; h != nil && g.leaves(*h) {
			rows = append(rows, format.Row(fmt.Sprintf("the same with --workload '%s=leave'", h.Subject), "go on without it: it stays as it is now"))
		}
	}
	return append([]string{""}, p.Table("", rows)...)
}
