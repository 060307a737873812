// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"sync"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report"
)

// reporter returns who receives the events of a run: JSON objects with -o json, a
// live view on a terminal, lines elsewhere. stop ends it before anything else is
// written.
func (a *app) reporter(parallel int) (reporter engine.Reporter, stop func()) {
	if a.output == outputJSON {
		return &report.Objects{Out: a.Out}, func() {}
	}
	f, ok := terminal(a.Out)
	if !ok {
		return &report.Lines{Out: a.Out}, func() {}
	}
	s := &report.Screen{Out: a.Out, Colour: a.color(), Size: func() (int, int) { return terminalSize(f) }, Parallel: parallel}
	stopTicks := tickEverySecond(s)
	return s, func() { stopTicks(); s.Close() }
}

// tickEverySecond redraws a screen each second, for the times on it.
func tickEverySecond(s *report.Screen) (stop func()) {
	ticker, done := time.NewTicker(time.Second), make(chan struct{})
	go func() {
		for {
			select {
			case now := <-ticker.C:
				s.Tick(now)
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}

// latestEvent forwards events and keeps the latest that has an observation of the
// mesh, for the last page.
type latestEvent struct {
	next  engine.Reporter
	mutex sync.Mutex
	event engine.Event
}

// Report forwards an event.
func (l *latestEvent) Report(e engine.Event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if e.World != nil {
		l.event = e
	}
	l.next.Report(e)
}

func (l *latestEvent) get() engine.Event {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.event
}
