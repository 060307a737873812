// SPDX-License-Identifier: Apache-2.0

// Package format lays text out for terminals and files: tables, wrapped lines,
// counts and durations. It knows nothing of meshes or runs.
package format

import (
	"strings"

	"github.com/rerig/rerig/internal/command"
)

// Style says how text is laid out.
type Style struct {
	Color    bool
	Width    int           // columns of the terminal; 0 is a file, where nothing is wrapped
	Details  bool          // one line per object and all evidence, however many lines that takes
	Commands command.Flags // what printed commands need to work as printed
}

// Tone is an ANSI colour. It only repeats what the text says.
type Tone string

const (
	Plain  Tone = ""
	Strong Tone = "1"
	Dim    Tone = "2"
	Bad    Tone = "31"
	Good   Tone = "32"
	Warn   Tone = "33"
)

// Paint returns text in the colour of tone, or unchanged in a style without colour.
func (s Style) Paint(tone Tone, text string) string {
	if !s.Color || tone == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(tone) + "m" + text + "\x1b[0m"
}

// Unpainted returns a line without its colours.
func Unpainted(line string) string {
	for {
		start := strings.Index(line, "\x1b[")
		if start < 0 {
			return line
		}
		end := strings.IndexByte(line[start:], 'm')
		if end < 0 {
			return line[:start]
		}
		line = line[:start] + line[start+end+1:]
	}
}

// minWrap is the fewest columns that Wrap breaks text into.
const minWrap = 20

// Wrap breaks text into lines of the style's width. The first line begins with
// lead, the others are indented by its width. Without a width it returns one line.
// Commands between backticks are completed, and never broken: a line that a terminal
// wraps itself is copied as one.
func (s Style) Wrap(lead, text string) []string {
	text = s.Commands.Complete(text)
	indent := Width(lead)
	columns := s.Width - indent
	if s.Width == 0 || columns < minWrap {
		return []string{strings.TrimRight(lead+text, " ")}
	}
	lines := wrapped(text, columns)
	for i, line := range lines {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		lines[i] = strings.TrimRight(lead+line, " ")
	}
	return lines
}

// WrapIn is Wrap with each line in the colour of tone.
func (s Style) WrapIn(tone Tone, lead, text string) []string {
	lines := s.Wrap(lead, text)
	for i, line := range lines {
		lines[i] = s.Paint(tone, line)
	}
	return lines
}

// Titled returns a title, in the tone Strong, with text after it that is wrapped below its
// own beginning.
func (s Style) Titled(title, text string) []string {
	lines := s.Wrap(title+"  ", text)
	lines[0] = s.Paint(Strong, title) + strings.TrimPrefix(lines[0], title)
	return lines
}

// wrapped breaks text at spaces into lines of at most columns. A longer word has a line of
// its own.
func wrapped(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range unbroken(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) > columns:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// unbroken returns the words of a text, a command between backticks with what adjoins it as
// one word.
func unbroken(text string) []string {
	var words []string
	open := false
	for word := range strings.FieldsSeq(text) {
		if open {
			words[len(words)-1] += " " + word
		} else {
			words = append(words, word)
		}
		open = open != (strings.Count(word, "`")%2 == 1)
	}
	return words
}

// packWidth is the width of packed names in a file.
const packWidth = 120

// Pack lists names, several in a line, in at most maxLines lines, or all of them in
// a style with details. It returns how many names it lists.
func (s Style) Pack(indent string, names []string, maxLines int) (int, []string) {
	columns := s.Width
	if columns == 0 {
		columns = packWidth
	}
	var lines []string
	line := ""
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		switch {
		case line == "":
			line = indent + name
		case Width(line)+1+Width(name) <= columns:
			line += " " + name
		case len(lines)+1 >= maxLines && !s.Details:
			return i, append(lines, line)
		default:
			lines, line = append(lines, line), indent+name
		}
	}
	return len(names), append(lines, line)
}
