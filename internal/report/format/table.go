// SPDX-License-Identifier: Apache-2.0

package format

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Cell is one field of a table.
type Cell struct {
	Text string
	Tone Tone
}

// Cell returns a cell of text in the tone.
func (t Tone) Cell(text string) Cell { return Cell{Text: text, Tone: t} }

// Row returns a table row of plain cells.
func Row(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, t := range texts {
		cells[i] = Cell{Text: t}
	}
	return cells
}

// Header returns a table row of column headings.
func Header(texts ...string) []Cell {
	cells := Row(texts...)
	for i := range cells {
		cells[i].Tone = Dim
	}
	return cells
}

// Table lays rows out in columns two spaces apart. Each line begins with indent.
func (s Style) Table(indent string, rows [][]Cell) []string {
	widths := columnWidths(rows)
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		var b strings.Builder
		b.WriteString(indent)
		for i, c := range r {
			b.WriteString(s.Paint(c.Tone, c.Text))
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-Width(c.Text)+2))
			}
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// columnWidths measures the columns. The last cell of a row does not widen its column.
func columnWidths(rows [][]Cell) []int {
	var widths []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(r)-1 {
				widths[i] = max(widths[i], Width(c.Text))
			}
		}
	}
	return widths
}

// widths measures text as most terminals draw it: ambiguous characters take one
// column, whatever the locale of this process is.
var widths = &runewidth.Condition{StrictEmojiNeutral: true}

// Width returns how many terminal columns text takes.
func Width(text string) int { return widths.StringWidth(text) }

// Cut shortens text to at most columns and ends it with "…" where it did.
func Cut(text string, columns int) string {
	switch {
	case Width(text) <= columns:
		return text
	case columns < 1:
		return ""
	}
	return widths.Truncate(text, columns, "…")
}
