// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/rerig/rerig/internal/engine"
)

// Lines tells a run line by line, each with its time: for pipes and logs.
type Lines struct {
	Out   io.Writer
	Paper Paper
	news  news
}

// Tell writes an event's line, where it has news.
func (l *Lines) Tell(e engine.Event) {
	for _, line := range l.news.lines(l.Paper, e) {
		fmt.Fprintln(l.Out, line)
	}
}

// lines are an event's line, wrapped, or none.
func (n *news) lines(p Paper, e engine.Event) []string {
	if !n.fresh(e) {
		return nil
	}
	text, tone := told(e)
	if text == "" {
		return nil
	}
	lines := p.wrapped(e.At.Format("15:04:05")+"  "+where(e)+"  ", strings.Join(strings.Fields(text), " "))
	for i := range lines {
		lines[i] = p.paint(tone, lines[i])
	}
	return lines
}
