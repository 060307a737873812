// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
)

// rows are the workload's lines in its namespace's table: one, or as many as it
// has kinds of sidecars or istiods.
func (t Truths) rows() [][]format.Cell {
	mark := format.Cell{}
	if len(t.Findings) > 0 {
		mark = format.Warn.Cell("!")
	}
	name := t.Kind + " " + t.Name
	if t.Gateway {
		name += " (gateway)"
	}
	carries, wires := t.carries(), t.wires()
	var rows [][]format.Cell
	for i := range max(len(carries), len(wires)) {
		r := format.Row("", "", "", "", "")
		if i == 0 {
			r = []format.Cell{mark, {Text: name}, {Text: t.pods()}, t.Asks.cell(), {Text: cmp.Or(strings.Join(t.Webhooks, "+"), "none")}}
		}
		rows = append(rows, append(append(r, at(carries, i)...), pair(wires, i)...))
	}
	return rows
}

func (t Truths) pods() string {
	if t.Kept != "" {
		return fmt.Sprintf("%d/%d + %s", t.Ready, t.Wanted, t.Kept)
	}
	return fmt.Sprintf("%d/%d", t.Ready, t.Wanted)
}

func (a Ask) cell() format.Cell {
	switch {
	case a.Value == "" && a.Label == "":
		return format.Cell{Text: "nothing"}
	case a.Value == "":
		return format.Cell{Text: "no sidecar"}
	case a.Revision == "":
		return format.Bad.Cell(a.Value + " (nobody)")
	case a.Revision != a.Value:
		return format.Cell{Text: a.Value + " = " + a.Revision}
	}
	return format.Cell{Text: a.Value}
}

func (t Truths) carries() []format.Cell {
	if len(t.Carries) == 0 {
		return []format.Cell{{Text: "no pods"}}
	}
	var cells []format.Cell
	for _, c := range t.Carries {
		text := cmp.Or(c.Revision, "no sidecar")
		if len(t.Carries) > 1 {
			text = fmt.Sprintf("%s (%s)", text, format.Count(c.Pods, "pod"))
		}
		cells = append(cells, format.Cell{Text: text})
	}
	return cells
}

// wires are pairs of cells: who serves, and whether all is acknowledged.
func (t Truths) wires() [][]format.Cell {
	var list [][]format.Cell
	for _, c := range t.Connected {
		who := fmt.Sprintf("%s %s, %s", c.Revision, cmp.Or(c.Version, "?"), c.Istiod)
		if len(t.Connected) > 1 || len(t.Alone) > 0 {
			who = fmt.Sprintf("%s (%d)", who, c.Proxies)
		}
		list = append(list, []format.Cell{{Text: who}, c.acknowledged()})
	}
	switch n := len(t.Alone); {
	case n > 0 && t.Unknown:
		list = append(list, []format.Cell{format.Warn.Cell(fmt.Sprintf("unknown (%d)", n)), {Text: "unknown"}})
	case n > 0:
		list = append(list, []format.Cell{format.Bad.Cell(fmt.Sprintf("nobody (%d)", n)), {Text: "-"}})
	case len(list) == 0:
		list = append(list, format.Row("-", "-"))
	}
	return list
}

func (c Wire) acknowledged() format.Cell {
	switch {
	case len(c.Rejected) > 0:
		return format.Bad.Cell(fmt.Sprintf("rejected: %d", len(c.Rejected)))
	case len(c.Unacked) > 0:
		return format.Warn.Cell(fmt.Sprintf("not yet: %d", len(c.Unacked)))
	}
	return format.Good.Cell("all")
}

func at(cells []format.Cell, i int) []format.Cell {
	if i < len(cells) {
		return cells[i : i+1]
	}
	return format.Row("")
}

func pair(pairs [][]format.Cell, i int) []format.Cell {
	if i < len(pairs) {
		return pairs[i]
	}
	return format.Row("", "")
}
