// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
)

// Screen tells a run on a terminal: what happens scrolls by as lines, and below
// it stays a live view that is redrawn in place. Nothing of the terminal's state
// is changed beyond one write, so that a killed run leaves it in order.
type Screen struct {
	Out      io.Writer
	Colour   bool
	Size     func() (columns, rows int)
	Parallel int // restarts at the same time, for the expected time

	mutex sync.Mutex
	frame frame
	news  news
	drawn []string // the live view as it stands there now
}

// Report takes an event in and draws.
func (s *Screen) Report(e engine.Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.frame.reasons == nil {
		s.frame.reasons = map[string]string{}
		s.frame.parallel = max(s.Parallel, 1)
	}
	s.frame.take(e)
	if e.Kind == engine.Waiting { // the live view shows it
		s.draw(nil, e.At)
		return
	}
	style, _ := s.paper()
	s.draw(s.news.lines(style, e), e.At)
}

// Tick draws anew, for the clock's sake.
func (s *Screen) Tick(now time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.frame.run != "" {
		s.draw(nil, now)
	}
}

// Close takes the live view away and leaves the lines.
func (s *Screen) Close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	style, _ := s.paper()
	fmt.Fprint(s.Out, s.back(style.Width)+"\x1b[J")
	s.drawn, s.frame.run = nil, ""
}

func (s *Screen) paper() (format.Style, int) {
	columns, rows := s.Size()
	if columns <= 0 || rows <= 0 {
		columns, rows = 80, 24
	}
	// The last column stays free: what is written there leaves some terminals
	// undecided on which row they are.
	return format.Style{Color: s.Colour, Width: columns - 1}, rows
}

// draw writes the live view over the one before, with new lines above it, in a
// single write that the terminal shows at once (mode 2026, which others ignore).
func (s *Screen) draw(above []string, now time.Time) {
	style, rows := s.paper()
	var b strings.Builder
	b.WriteString("\x1b[?2026h" + s.back(style.Width))
	s.drawn = nil
	if s.frame.target.Run != "" {
		s.drawn = s.frame.lines(style, rows-1, now)
	}
	for _, line := range append(above, s.drawn...) {
		b.WriteString(line + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J\x1b[?2026l")
	fmt.Fprint(s.Out, b.String())
}

// back goes to where the live view begins. A terminal that was made narrower has
// wrapped it: its lines then take more rows.
func (s *Screen) back(columns int) string {
	rows := 0
	for _, line := range s.drawn {
		rows += max(1, (format.Width(format.Unpainted(line))+columns-1)/columns)
	}
	if rows == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}
