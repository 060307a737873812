// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
)

// Lines tells a run line by line, each with its time: for pipes and logs.
type Lines struct {
	Out   io.Writer
	Style format.Style
	news  news
}

// Report writes an event's line, where it has news.
func (l *Lines) Report(e engine.Event) {
	for _, line := range l.news.lines(l.Style, e) {
		fmt.Fprintln(l.Out, line)
	}
}

// lines are an event's line, wrapped, or none.
func (n *news) lines(p format.Style, e engine.Event) []string {
	if !n.fresh(e) {
		return nil
	}
	text, tone := told(e)
	if text == "" {
		return nil
	}
	lines := p.Wrap(e.At.Format("15:04:05")+"  "+where(e)+"  ", strings.Join(strings.Fields(text), " "))
	for i := range lines {
		lines[i] = p.Paint(tone, lines[i])
	}
	return lines
}
