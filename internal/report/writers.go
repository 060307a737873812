// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
)

// Lines reports a run as lines of text, each with its time: for pipes and logs.
type Lines struct {
	Out    io.Writer
	Style  format.Style
	filter EventFilter
}

// Report writes the line of an event that has something new.
func (l *Lines) Report(e engine.Event) {
	line, is := l.filter.Line(e)
	if !is {
		return
	}
	for _, text := range line.Wrap(l.Style) {
		fmt.Fprintln(l.Out, text)
	}
}

// Objects reports a run as JSON objects, one in a line.
type Objects struct {
	Out      io.Writer
	Commands command.Flags // what printed commands need to work as printed
	filter   EventFilter
}

// Report writes an event that has something new.
func (o *Objects) Report(e engine.Event) {
	if !o.filter.New(e) {
		return
	}
	// Events consist of texts, numbers and times and always encode. A closed pipe
	// does not stop a run.
	text, _ := JSONLine(e, o.Commands)
	_, _ = io.WriteString(o.Out, text)
}

// JSON returns a value as indented JSON, with completed commands.
func JSON(v any, c command.Flags) (string, error) { return encoded(v, c, "  ") }

// JSONLine returns a value as JSON on one line, with completed commands.
func JSONLine(v any, c command.Flags) (string, error) { return encoded(v, c, "") }

func encoded(v any, c command.Flags, indent string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return c.CompleteJSON(b.String()), nil
}
