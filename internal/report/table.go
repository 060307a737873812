// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"unicode/utf8"
)

// cell is one field of a table. Colour is put on after the columns are measured.
type cell struct {
	text string
	tone tone
}

// row makes a table's row of plain cells.
func row(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i] = cell{text: t}
	}
	return cells
}

// head makes a table's first row.
func head(texts ...string) []cell {
	cells := row(texts...)
	for i := range cells {
		cells[i].tone = dim
	}
	return cells
}

// table lays rows out in columns two spaces apart, each line after indent.
func (p Paper) table(indent string, rows [][]cell) []string {
	widths := columns(rows)
	lines := make([]string, 0, len(rows))
	for _, r := range rows {
		var b strings.Builder
		b.WriteString(indent)
		for i, c := range r {
			b.WriteString(p.paint(c.tone, c.text))
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-width(c.text)+2))
			}
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// columns measures the columns. A row's last cell does not widen its column.
func columns(rows [][]cell) []int {
	var widths []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(r)-1 {
				widths[i] = max(widths[i], width(c.text))
			}
		}
	}
	return widths
}

// width is how many columns a text takes.
func width(text string) int { return utf8.RuneCountInString(text) }

// cut shortens text to at most n columns and shows that it did.
func cut(text string, n int) string {
	if width(text) <= n {
		return text
	}
	if n < 1 {
		return ""
	}
	return string([]rune(text)[:n-1]) + "…"
}
