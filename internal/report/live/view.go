// SPDX-License-Identifier: Apache-2.0

// Package live reports a run on a terminal: events scroll by as lines, and below
// them a view of the run is redrawn in place.
package live

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
)

const (
	minInterval = 250 * time.Millisecond // between two drawings
	maxInterval = time.Second            // between two drawings while nothing happens, for the times shown
	pauseFactor = 4                      // times as long as a drawing took is the pause after it, at least
)

// Options are what a View needs.
type Options struct {
	Out      io.Writer
	Color    bool
	Size     func() (columns, rows int) // of the terminal; 0 where unknown
	Parallel int                        // restarts at the same time, for the expected duration
	Hops     []mesh.Hop                 // from gateways, on which versions are compared
	Commands command.Flags              // what printed commands need to work as printed
	Clock    engine.Clock
}

// View reports a run on a terminal. It draws on a goroutine of its own, at most four
// times a second: Report only takes a note of the event and never waits for the
// terminal. It changes no terminal mode, so that a killed run leaves none behind.
type View struct {
	Options
	stop    context.CancelFunc
	stopped chan struct{}

	mutex   sync.Mutex
	filter  report.EventFilter
	lines   []report.EventLine // not written yet
	state   runState
	changed bool

	// Of the drawing goroutine, and of Close once that has ended.
	frame    frame
	shown    []string // the view as it is on the terminal
	lastDraw time.Time
}

// New returns a view that draws until it is closed.
func New(o Options) *View {
	ctx, cancel := context.WithCancel(context.Background())
	v := &View{Options: o, stop: cancel, stopped: make(chan struct{}), state: runState{reasons: map[string]string{}}}
	go v.run(ctx)
	return v
}

// Report takes an event.
func (v *View) Report(e engine.Event) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.changed = true
	v.state.observe(e)
	if e.Kind == engine.Waiting { // the view shows it
		return
	}
	if line, is := v.filter.Line(e); is {
		v.lines = append(v.lines, line)
	}
}

// Close writes the lines that are left and removes the view. More than once is once.
func (v *View) Close() {
	v.stop()
	<-v.stopped
	lines, state, _ := v.taken()
	if len(lines) > 0 {
		v.draw(lines, state, v.Clock.Now())
	}
	if len(v.shown) > 0 {
		style, _ := v.style()
		fmt.Fprint(v.Out, v.toTop(style)+"\x1b[J")
		v.shown = nil
	}
}

// run draws what has changed, and once a second in any case. A drawing that takes
// long is followed by a longer pause, so that a large mesh leaves the processor to the
// run.
func (v *View) run(ctx context.Context) {
	defer close(v.stopped)
	pause := minInterval
	for v.Clock.Sleep(ctx, pause) == nil {
		now := v.Clock.Now()
		lines, state, changed := v.taken()
		if state.run != "" && (changed || now.Sub(v.lastDraw) >= maxInterval) {
			v.draw(lines, state, now)
		}
		pause = max(minInterval, pauseFactor*v.Clock.Now().Sub(now))
	}
}

// taken returns what is to be drawn, and whether it is new.
func (v *View) taken() ([]report.EventLine, runState, bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	lines, changed := v.lines, v.changed
	v.lines, v.changed = nil, false
	return lines, v.state.clone(), changed
}

func (v *View) style() (format.Style, int) {
	columns, rows := v.Size()
	if columns <= 0 || rows <= 0 {
		columns, rows = 80, 24
	}
	// The last column stays empty: after a character there, terminals differ in
	// which row they are.
	return format.Style{Color: v.Color, Width: columns - 1, Commands: v.Commands}, rows
}

// draw writes the view over the one before, with new lines above it, in a single
// write that terminals with mode 2026 show at once.
func (v *View) draw(lines []report.EventLine, state runState, now time.Time) {
	style, rows := v.style()
	var b strings.Builder
	b.WriteString("\x1b[?2026h" + v.toTop(style))
	v.shown, v.lastDraw = nil, now
	if state.last.Target != nil {
		v.frame.update(state, v.Hops)
		v.shown = v.frame.lines(style, rows-1, now, max(v.Parallel, 1))
	}
	for _, line := range lines {
		for _, text := range line.Wrap(style) {
			b.WriteString(text + "\x1b[K\r\n")
		}
	}
	for _, text := range v.shown {
		b.WriteString(text + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J\x1b[?2026l")
	fmt.Fprint(v.Out, b.String())
}

// toTop moves the cursor to the first line of the view. A terminal that was made
// narrower has wrapped the lines: they take more rows then.
func (v *View) toTop(style format.Style) string {
	rows := 0
	for _, line := range v.shown {
		rows += max(1, (format.Width(format.Unpainted(line))+style.Width-1)/style.Width)
	}
	if rows == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}
