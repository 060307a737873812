// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report"
)

// teller is who hears a run: JSON objects with -o json, a live view on a
// terminal, lines elsewhere. close ends it before anything else is written.
func (a *app) teller(parallel int) (t engine.Teller, close func()) {
	if a.output == outputJSON {
		return &report.Objects{Out: a.Out}, func() {}
	}
	f, ok := terminal(a.Out)
	if !ok {
		return &report.Lines{Out: a.Out}, func() {}
	}
	s := &report.Screen{Out: a.Out, Colour: a.colour(), Size: func() (int, int) { return size(f) }, Parallel: parallel}
	stop := ticking(s)
	return s, func() { stop(); s.Close() }
}

// ticking redraws a screen each second, for the times on it.
func ticking(s *report.Screen) (stop func()) {
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
