// SPDX-License-Identifier: Apache-2.0

package report

import "strings"

// Paper is what is written on: a terminal of some width, or a file.
type Paper struct {
	Colour bool
	Width  int // columns; 0 is a file, where nothing is wrapped
}

// tone is how a piece of text is meant. It only ever colours what the text says
// anyway.
type tone string

const (
	plain  tone = ""
	strong tone = "1"
	dim    tone = "2"
	bad    tone = "31"
	good   tone = "32"
	warn   tone = "33"
)

// paint colours text, where there is colour.
func (p Paper) paint(t tone, text string) string {
	if !p.Colour || t == plain || text == "" {
		return text
	}
	return "\x1b[" + string(t) + "m" + text + "\x1b[0m"
}

// wrapped breaks text into lines of the paper's width. The first is preceded by
// lead, the others are indented as far.
func (p Paper) wrapped(lead, text string) []string {
	room := p.Width - width(lead)
	if p.Width == 0 || room < 20 {
		return []string{strings.TrimRight(lead+text, " ")}
	}
	var lines []string
	line := lead
	used := 0
	for _, word := range strings.Fields(text) {
		if used > 0 && used+1+width(word) > room {
			lines = append(lines, line)
			line, used = strings.Repeat(" ", width(lead)), 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+width(word)
	}
	return append(lines, strings.TrimRight(line, " "))
}
