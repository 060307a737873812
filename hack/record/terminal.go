// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// look is how a character is drawn.
type look struct {
	color string // "31" to "37", "" the default
	bold  bool
	dim   bool
}

// span is text of one look, from a column on.
type span struct {
	column int
	text   string
	look   look
}

// line is one row without trailing spaces.
type line []span

func (l line) key() string { return fmt.Sprint([]span(l)) }

type character struct {
	rune rune
	look look
}

// terminal knows the escape sequences that rerig writes: colours, moving up, erasing
// to the end of the line or of the screen. It ignores terminal modes.
type terminal struct {
	columns, rows int
	screen        [][]character
	x, y          int
	look          look
}

func newTerminal(columns, rows int) *terminal {
	return &terminal{columns: columns, rows: rows, screen: make([][]character, rows)}
}

func (t *terminal) write(text string) {
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			text = t.escape(text[2:])
			continue
		case text[0] == '\r':
			t.x = 0
		case text[0] == '\n':
			t.lineFeed()
		default:
			r, size := utf8.DecodeRuneInString(text)
			t.put(r)
			text = text[size:]
			continue
		}
		text = text[1:]
	}
}

// escape takes one sequence, and returns the text after it.
func (t *terminal) escape(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return ""
	}
	parameter := text[:end]
	n, err := strconv.Atoi(parameter)
	if err != nil {
		n = 1
	}
	switch text[end] {
	case 'A':
		t.y = max(0, t.y-n)
	case 'K':
		t.screen[t.y] = t.screen[t.y][:min(t.x, len(t.screen[t.y]))]
	case 'J':
		t.screen[t.y] = t.screen[t.y][:min(t.x, len(t.screen[t.y]))]
		for y := t.y + 1; y < t.rows; y++ {
			t.screen[y] = nil
		}
	case 'm':
		t.style(parameter)
	}
	return text[end+1:]
}

func (t *terminal) style(parameters string) {
	for p := range strings.SplitSeq(parameters, ";") {
		switch p {
		case "", "0":
			t.look = look{}
		case "1":
			t.look.bold = true
		case "2":
			t.look.dim = true
		case "31", "32", "33", "34", "35", "36", "37":
			t.look.color = p
		}
	}
}

func (t *terminal) lineFeed() {
	if t.y++; t.y == t.rows {
		t.y--
		t.screen = append(t.screen[1:], nil)
	}
}

func (t *terminal) put(r rune) {
	if t.x == t.columns {
		t.x = 0
		t.lineFeed()
	}
	row := t.screen[t.y]
	for len(row) <= t.x {
		row = append(row, character{rune: ' '})
	}
	row[t.x] = character{rune: r, look: t.look}
	t.screen[t.y] = row
	t.x++
}

// lines returns what the terminal shows.
func (t *terminal) lines() []line {
	list := make([]line, t.rows)
	for y, row := range t.screen {
		var current *span
		for x, c := range row {
			if current == nil || current.look != c.look {
				list[y] = append(list[y], span{column: x, look: c.look})
				current = &list[y][len(list[y])-1]
			}
			current.text += string(c.rune)
		}
		list[y] = trimmed(list[y])
	}
	return list
}

// trimmed returns a line without trailing spaces.
func trimmed(l line) line {
	for len(l) > 0 {
		last := &l[len(l)-1]
		if last.text = strings.TrimRight(last.text, " "); last.text != "" {
			break
		}
		l = l[:len(l)-1]
	}
	return l
}
