// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// rows returns the rows of a workload in the table of its namespace: one, or as many
// as it has kinds of sidecars or istiods.
func (t WorkloadState) rows() [][]format.Cell {
	mark := format.Cell{}
	if len(t.Findings) > 0 {
		mark = format.Warn.Cell("!")
	}
	name := t.Kind + " " + t.Name
	if t.Gateway {
		name += " (gateway)"
	}
	sidecars, connections := t.sidecarCells(), t.connectionCells()
	var rows [][]format.Cell
	for i := range max(len(sidecars), len(connections)) {
		cells := format.Row("", "", "", "", "")
		if i == 0 {
			cells = []format.Cell{mark, {Text: name}, {Text: t.pods()}, t.Labels.cell(), {Text: cmp.Or(mesh.JoinRevisions(t.Webhooks), "none")}}
		}
		rows = append(rows, append(append(cells, sidecarAt(sidecars, i)...), connectionAt(connections, i)...))
	}
	return rows
}

func (t WorkloadState) pods() string {
	if t.SwapPods != "" {
		return fmt.Sprintf("%d/%d + %s", t.Ready, t.Wanted, t.SwapPods)
	}
	return fmt.Sprintf("%d/%d", t.Ready, t.Wanted)
}

func (s SelectedRevision) cell() format.Cell {
	switch {
	case s.Value == "" && s.Label == "":
		return format.Plain.Cell("none")
	case s.Value == "":
		return format.Plain.Cell("no sidecar")
	case s.Revision == "":
		return format.Bad.Cell(s.Value + " (not found)")
	case s.Revision != s.Value:
		return format.Plain.Cell(s.Value + " (" + s.Revision + ")")
	}
	return format.Plain.Cell(s.Value)
}

func (t WorkloadState) sidecarCells() []format.Cell {
	if len(t.Sidecars) == 0 {
		return format.Row("no pods")
	}
	var cells []format.Cell
	for _, c := range t.Sidecars {
		text := cmp.Or(c.Revision, "no sidecar")
		if len(t.Sidecars) > 1 {
			text = fmt.Sprintf("%s (%s)", text, format.Count(c.Pods, "pod"))
		}
		cells = append(cells, format.Plain.Cell(text))
	}
	return cells
}

// connectionCells returns pairs of cells: an istiod, and the state of its configuration.
func (t WorkloadState) connectionCells() [][]format.Cell {
	var list [][]format.Cell
	for _, c := range t.Connections {
		istiod := fmt.Sprintf("%s %s, %s", c.Revision, orUnknown(c.Version), c.Istiod)
		if len(t.Connections) > 1 || len(t.Disconnected) > 0 {
			istiod = fmt.Sprintf("%s (%d)", istiod, c.Proxies)
		}
		list = append(list, []format.Cell{{Text: istiod}, c.configCell()})
	}
	switch n := len(t.Disconnected); {
	case n > 0 && t.Unknown:
		list = append(list, []format.Cell{format.Warn.Cell(fmt.Sprintf("unknown (%d)", n)), {Text: "unknown"}})
	case n > 0:
		list = append(list, []format.Cell{format.Bad.Cell(fmt.Sprintf("no istiod (%d)", n)), {Text: "-"}})
	case len(list) == 0:
		list = append(list, format.Row("-", "-"))
	}
	return list
}

func (c Connection) configCell() format.Cell {
	switch {
	case len(c.Rejected) > 0:
		return format.Bad.Cell(fmt.Sprintf("%d rejected", len(c.Rejected)))
	case len(c.Unacked) > 0:
		return format.Warn.Cell(fmt.Sprintf("%d not acknowledged", len(c.Unacked)))
	}
	return format.Good.Cell("acknowledged")
}

func sidecarAt(cells []format.Cell, i int) []format.Cell {
	if i < len(cells) {
		return cells[i : i+1]
	}
	return format.Row("")
}

func connectionAt(pairs [][]format.Cell, i int) []format.Cell {
	if i < len(pairs) {
		return pairs[i]
	}
	return format.Row("", "")
}
