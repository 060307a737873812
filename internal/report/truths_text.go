// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
)

// rows are the workload's lines in its namespace's table: one, or as many as it
// has kinds of sidecars or istiods.
func (t Truths) rows() [][]cell {
	mark := cell{}
	if len(t.Findings) > 0 {
		mark = cell{"!", warn}
	}
	name := t.Kind + " " + t.Name
	if t.Gateway {
		name += " (gateway)"
	}
	carries, wires := t.carries(), t.wires()
	var rows [][]cell
	for i := range max(len(carries), len(wires)) {
		r := row("", "", "", "", "")
		if i == 0 {
			r = []cell{mark, {text: name}, {text: t.pods()}, t.Asks.cell(), {text: or(strings.Join(t.Webhooks, "+"), "none")}}
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

func (a Ask) cell() cell {
	switch {
	case a.Value == "" && a.Label == "":
		return cell{text: "nothing"}
	case a.Value == "":
		return cell{text: "no sidecar"}
	case a.Revision == "":
		return cell{a.Value + " (nobody)", bad}
	case a.Revision != a.Value:
		return cell{text: a.Value + " = " + a.Revision}
	}
	return cell{text: a.Value}
}

func (t Truths) carries() []cell {
	if len(t.Carries) == 0 {
		return []cell{{text: "no pods"}}
	}
	var cells []cell
	for _, c := range t.Carries {
		text := or(c.Revision, "no sidecar")
		if len(t.Carries) > 1 {
			text = fmt.Sprintf("%s (%s)", text, count(c.Pods, "pod"))
		}
		cells = append(cells, cell{text: text})
	}
	return cells
}

// wires are pairs of cells: who serves, and whether all is acknowledged.
func (t Truths) wires() [][]cell {
	var list [][]cell
	for _, c := range t.Connected {
		who := fmt.Sprintf("%s %s, %s", c.Revision, or(c.Version, "?"), c.Istiod)
		if len(t.Connected) > 1 || len(t.Alone) > 0 {
			who = fmt.Sprintf("%s (%d)", who, c.Proxies)
		}
		list = append(list, []cell{{text: who}, c.acknowledged()})
	}
	switch n := len(t.Alone); {
	case n > 0 && t.Unknown:
		list = append(list, []cell{{fmt.Sprintf("unknown (%d)", n), warn}, {text: "unknown"}})
	case n > 0:
		list = append(list, []cell{{fmt.Sprintf("nobody (%d)", n), bad}, {text: "-"}})
	case len(list) == 0:
		list = append(list, row("-", "-"))
	}
	return list
}

func (c Wire) acknowledged() cell {
	switch {
	case len(c.Rejected) > 0:
		return cell{fmt.Sprintf("rejected: %d", len(c.Rejected)), bad}
	case len(c.Unacked) > 0:
		return cell{fmt.Sprintf("not yet: %d", len(c.Unacked)), warn}
	}
	return cell{"all", good}
}

func at(cells []cell, i int) []cell {
	if i < len(cells) {
		return cells[i : i+1]
	}
	return row("")
}

func pair(pairs [][]cell, i int) []cell {
	if i < len(pairs) {
		return pairs[i]
	}
	return row("", "")
}
