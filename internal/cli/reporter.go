// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"sync"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/live"
)

// reporter returns who receives the events of a run: JSON objects with -o json, a
// live view on a terminal, lines elsewhere. stop ends it before anything else is
// written.
func (a *app) reporter(parallel int, hops []mesh.Hop) (reporter engine.Reporter, stop func()) {
	output, stopOutput := a.outputReporter(parallel, hops)
	file := os.Getenv(recordVariable)
	if file == "" {
		return output, stopOutput
	}
	recorder, stopRecorder, err := a.recordView(file, parallel, hops)
	if err != nil {
		a.tell("the live view is not recorded (%s): %s", recordVariable, err)
		return output, stopOutput
	}
	return bothReporters{output, recorder}, func() { stopOutput(); stopRecorder() }
}

func (a *app) outputReporter(parallel int, hops []mesh.Hop) (reporter engine.Reporter, stop func()) {
	if a.output == outputJSON {
		return &report.Objects{Out: a.Out, Commands: a.commands()}, func() {}
	}
	f, ok := terminal(a.Out)
	if !ok {
		return &report.Lines{Out: a.Out, Style: format.Style{Commands: a.commands()}}, func() {}
	}
	view := live.New(live.Options{
		Out: a.Out, Color: a.color(), Size: func() (int, int) { return terminalSize(f) }, Parallel: parallel,
		Clock: wallClock{}, Commands: a.commands(), Hops: hops,
	})
	return view, view.Close
}

// recordVariable names a file for a recording of the live view, from which hack/record
// makes the pictures of the documentation.
const recordVariable = "RERIG_RECORD"

// Size of the terminal that is recorded.
const recordColumns, recordRows = 100, 30

// recordView records the live view as if there were a terminal.
func (a *app) recordView(file string, parallel int, hops []mesh.Hop) (reporter engine.Reporter, stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, nil, err
	}
	cast, err := live.NewCast(f, recordColumns, recordRows, wallClock{})
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	view := live.New(live.Options{
		Out: cast, Color: true, Size: func() (int, int) { return recordColumns, recordRows }, Parallel: parallel,
		Clock: wallClock{}, Commands: a.commands(), Hops: hops,
	})
	return view, func() { view.Close(); f.Close() }, nil
}

// bothReporters forwards events to two reporters.
type bothReporters [2]engine.Reporter

// Report forwards an event.
func (b bothReporters) Report(e engine.Event) {
	b[0].Report(e)
	b[1].Report(e)
}

// latestEvent forwards events and keeps the latest that has an observation of the
// mesh, for the summary at the end.
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
