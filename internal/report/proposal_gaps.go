// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report/format"
)

// gaps lists the paths on which proxy versions differ meanwhile: a row per hop or, where
// there are many, a row for those of a gateway with the same versions and waves.
func (v planView) gaps() []string {
	list := v.Gaps
	if len(list) == 0 && len(v.UnknownRoutes) == 0 {
		return nil
	}
	lines := []string{"", v.style.Paint(format.Warn, fmt.Sprintf("Paths on which proxy versions differ meanwhile (%d)", len(list)))}
	if len(v.UnknownRoutes) > 0 {
		unknown := format.List(v.UnknownRoutes, len(v.UnknownRoutes))
		lines = append(lines, v.style.Wrap("  ", "Not known for "+unknown+": you may not list them.")...)
	}
	if len(list) == 0 {
		return lines
	}
	fold := len(list) > maxRows && !v.style.Details
	sentence := "Each of these begins at a gateway. Versions are those at the end of a wave."
	if fold {
		sentence += " --details lists each path."
	}
	lines = append(lines, v.style.Wrap("  ", sentence)...)
	var rows [][]format.Cell
	left := len(list)
	for _, group := range grouped(list, func(g parity.Gap) string { return gapKey(g, fold) }) {
		if len(rows) >= screenful && !v.style.Details {
			break
		}
		left -= len(group)
		g := group[0]
		to := objectName(g.To)
		if len(group) > 1 {
			to = format.Count(len(group), "workload")
		}
		rows = append(rows, format.Row(objectName(g.From)+" "+g.FromVersion, "-> "+to+" "+g.ToVersion, period(g)))
	}
	return append(lines, folded(v.style.Table("    ", rows), left, v.style, "path")...)
}

// gapKey returns what gaps of one row have in common.
func gapKey(g parity.Gap, fold bool) string {
	key := fmt.Sprint(g.From, " ", g.FromVersion, " ", g.ToVersion, " ", g.FirstWave, " ", g.LastWave)
	if !fold {
		key += " " + string(g.To)
	}
	return key
}

// objectName returns a workload's namespace and name.
func objectName(ref mesh.WorkloadRef) string { return ref.Namespace() + "/" + ref.Name() }

// period returns in which waves the versions differ.
func period(g parity.Gap) string {
	switch g.LastWave {
	case 0:
		return fmt.Sprintf("from wave %d on", g.FirstWave)
	case g.FirstWave:
		return fmt.Sprintf("wave %d", g.FirstWave)
	}
	return fmt.Sprintf("waves %d to %d", g.FirstWave, g.LastWave)
}
