// SPDX-License-Identifier: Apache-2.0

package format

import (
	"math"
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

const (
	columnGap = 2 // columns between two cells
	minColumn = 8 // the fewest columns that a cell is cut to
)

// Table lays rows out in columns two spaces apart. Each line begins with indent. Where
// the style's width is too small, cells are wrapped at spaces, the widest column first,
// and only words that are too long even so are cut.
func (s Style) Table(indent string, rows [][]Cell) []string {
	widths, available := columnWidths(rows), s.Width-Width(indent)
	if s.Width == 0 || available < minWrap {
		available = math.MaxInt
	}
	if narrow(widths, rows, available) {
		trim(widths, rows)
	}
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		for _, line := range s.row(r, widths, available) {
			lines = append(lines, strings.TrimRight(indent+line, " "))
		}
	}
	return lines
}

// row lays one row out, in as many lines as its highest cell has. The last cell takes
// all columns that are left.
func (s Style) row(cells []Cell, widths []int, available int) []string {
	texts, height, left := make([][]string, len(cells)), 1, available
	for i, c := range cells {
		columns := widths[i]
		if i == len(cells)-1 {
			columns = max(left, minColumn)
		}
		texts[i] = fitted(c.Text, columns)
		height = max(height, len(texts[i]))
		left -= columns + columnGap
	}
	lines := make([]string, height)
	for n := range lines {
		var b strings.Builder
		for i, c := range cells {
			text := ""
			if n < len(texts[i]) {
				text = texts[i][n]
			}
			b.WriteString(s.Paint(c.Tone, text))
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", max(widths[i]-Width(text), 0)+columnGap))
			}
		}
		lines[n] = b.String()
	}
	return lines
}

// fitted wraps text at spaces to at most columns, and cuts words that are longer. Only a
// command is never cut.
func fitted(text string, columns int) []string {
	if Width(text) <= columns {
		return []string{text}
	}
	lines := wrapped(text, columns)
	for i, line := range lines {
		if !strings.Contains(line, "`") {
			lines[i] = Cut(line, columns)
		}
	}
	return lines
}

// columnWidths measures the columns. The last cell of a row does not widen its column,
// unless that is the last one of all.
func columnWidths(rows [][]Cell) []int {
	var widths []int
	for _, r := range rows {
		for i := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
		}
	}
	for _, r := range rows {
		for i, c := range r {
			if i < len(r)-1 || i == len(widths)-1 {
				widths[i] = max(widths[i], Width(c.Text))
			}
		}
	}
	return widths
}

// narrow narrows columns until they fit into the available ones: first as far as their
// cells can be wrapped, then further. The widest column is narrowed first. It reports
// whether any was.
func narrow(widths []int, rows [][]Cell, available int) bool {
	tooMany := columnGap*(len(widths)-1) - available
	for _, w := range widths {
		tooMany += w
	}
	if tooMany <= 0 {
		return false
	}
	least := make([]int, len(widths))
	for _, r := range rows {
		for i, c := range r {
			for word := range strings.FieldsSeq(c.Text) {
				if i < len(r)-1 || i == len(widths)-1 {
					least[i] = max(least[i], Width(word))
				}
			}
		}
	}
	for range 2 {
		for ; tooMany > 0; tooMany-- {
			widest := -1
			for i, w := range widths {
				if w > least[i] && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
		for i := range least {
			least[i] = min(least[i], minColumn)
		}
	}
	return true
}

// trim narrows columns to what their wrapped cells take: the last column gets the rest.
func trim(widths []int, rows [][]Cell) {
	for i := range widths {
		used := 0
		for _, r := range rows {
			if i < len(r)-1 {
				for _, line := range fitted(r[i].Text, widths[i]) {
					used = max(used, Width(line))
				}
			}
		}
		widths[i] = min(widths[i], used)
	}
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
