// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// runState is what the events so far have reported about a run.
type runState struct {
	run     string
	last    engine.Event      // the last one with an observation
	began   time.Time         // of the first event
	reasons map[string]string // subject of a step -> what it waits for
	trouble string            // why the cluster is not reachable
}

// observe updates the state by an event.
func (r *runState) observe(e engine.Event) {
	r.run = cmp.Or(e.Run, r.run)
	if e.World != nil && e.Target != nil && e.Ledger != nil {
		r.last, r.trouble = e, ""
	}
	if r.began.IsZero() {
		r.began = e.At
	}
	switch e.Kind {
	case engine.Waiting:
		r.reasons[string(e.Step.Subject)] = e.Verdict.Reason
	case engine.Passed:
		delete(r.reasons, string(e.Step.Subject))
	case engine.Retrying:
		r.trouble = e.Message
	}
}

func (r *runState) clone() runState {
	c := *r
	c.reasons = maps.Clone(r.reasons)
	return c
}

// frame is what the view shows. It is indexed once per observation.
type frame struct {
	runState
	target   step.Target
	ledger   *step.Ledger
	next     *step.Step // nil when nothing is left
	progress report.Progress
	commits  []string // what has to be committed before the run goes on
	spans    []parity.Span
}

// update shows another state, and indexes its observation unless it is the same one.
func (f *frame) update(state runState, hops []mesh.Hop) {
	before := f.last
	f.runState = state
	if before.Ledger == state.last.Ledger && before.World == state.last.World {
		return
	}
	f.target, f.ledger = *state.last.Target, state.last.Ledger
	f.progress = report.ProgressOf(report.Snapshot{World: *state.last.World, Target: f.target, Ledger: *f.ledger, Left: state.last.Stages})
	f.spans = parity.Spans(*state.last.World, f.target, *f.ledger, hops)
	f.commits = step.Commits(state.last.Stages)
	f.next = nil
	if len(state.last.Stages) > 0 {
		f.next = &state.last.Stages[0].Steps[0]
	}
}

// lines draws the frame: at most height lines, none wider than the style.
func (f *frame) lines(style format.Style, height int, now time.Time, parallel int) []string {
	lines := []string{"", f.title(style), f.times(style, now, parallel), f.controlPlane(style)}
	if text := report.SpansNow(f.spans, now); text != "" {
		lines = append(lines, format.Cut("  proxy versions "+text, style.Width))
	}
	lines = append(lines, f.commitLines(style, height-len(lines))...)
	lines = append(lines, f.waves(style, height-len(lines), now)...)
	if f.trouble != "" {
		lines = append(lines, style.Paint(format.Warn, format.Cut("  cluster not reachable, retrying: "+f.trouble, style.Width)))
	}
	return lines[:min(len(lines), height)]
}

func (f *frame) title(style format.Style) string {
	title := "upgrade to " + f.target.Revision
	switch {
	case f.target.OnlyWave > 0:
		title = fmt.Sprintf("rollback of wave %d to the state before the run", f.target.OnlyWave)
	case f.target.Rollback:
		title = "rollback to the state before the run"
	}
	if f.target.Version != "" {
		title += " (Istio " + f.target.Version + ")"
	}
	return style.Paint(format.Strong, format.Cut(f.run+": "+title, style.Width))
}

func (f *frame) times(style format.Style, now time.Time, parallel int) string {
	text := "elapsed " + format.Duration(now.Sub(f.began))
	if rest := f.progress.Remaining(parallel, now); rest > 0 {
		text += ", about " + format.Duration(rest) + " left"
	}
	return format.Cut(text, style.Width)
}

// controlPlane is the line of the steps outside of the waves.
func (f *frame) controlPlane(style format.Style) string {
	text, tone := "ready", format.Good
	if f.next != nil && f.next.Wave == 0 {
		text, tone = report.PhaseOf(*f.next), format.Warn
		if reason := f.reasons[string(f.next.Subject)]; reason != "" && len(f.commits) == 0 {
			text += ": " + reason
		}
	}
	line := "  control plane  " + strings.Join(f.target.ControlPlanes(), ", ") + "  " + text
	return style.Paint(tone, format.Cut(line, style.Width))
}

// commitLines list what has to be committed before the run goes on, not cut, since it
// is copied from here. They take about half of the lines; the others are counted.
func (f *frame) commitLines(style format.Style, maxLines int) []string {
	var lines []string
	for i, text := range f.commits {
		wrapped := style.Wrap("  waiting: ", text)
		if i > 0 && len(lines)+len(wrapped) > maxLines/2 {
			more := format.Count(len(f.commits)-i, "namespace")
			lines = append(lines, style.Commands.Complete(fmt.Sprintf("  and %s more to commit: `rerig status %s` lists them", more, f.run)))
			break
		}
		lines = append(lines, wrapped...)
	}
	for i := range lines {
		lines[i] = style.Paint(format.Warn, lines[i])
	}
	return lines
}
