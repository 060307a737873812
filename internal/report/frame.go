// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// frame is what a live view shows: the newest look at a run.
type frame struct {
	run      string
	world    mesh.World
	target   step.Target
	ledger   step.Ledger
	left     []step.Stage
	parallel int
	began    time.Time         // of the run, or else of the watching
	reasons  map[string]string // subject -> what it waits for
	trouble  string
}

// take keeps what an event tells.
func (f *frame) take(e engine.Event) {
	f.run = cmp.Or(e.Run, f.run)
	if e.World != nil && e.Target != nil && e.Ledger != nil {
		f.world, f.target, f.ledger, f.left = *e.World, *e.Target, *e.Ledger, e.Stages
		f.trouble = ""
	}
	if f.began.IsZero() {
		f.began = e.At
	}
	switch e.Kind {
	case engine.Waiting:
		f.reasons[e.Step.Subject] = e.Verdict.Reason
	case engine.Passed:
		delete(f.reasons, e.Step.Subject)
	case engine.Retrying:
		f.trouble = e.Message
	}
}

// lines draws the frame for a terminal: no line is wider than p.Width, and there
// are at most height of them.
func (f frame) lines(p format.Style, height int, now time.Time) []string {
	lines := []string{"", f.head(p), f.clock(p, now), f.plane(p)}
	lines = append(lines, f.commits(p, height-len(lines))...)
	waves := progressOf(f.world, f.target, f.ledger, f.left)
	room := height - len(lines)
	lines = append(lines, f.body(p, waves, room, now)...)
	if f.trouble != "" {
		lines = append(lines, p.Paint(format.Warn, format.Cut("  out of reach, trying again: "+f.trouble, p.Width)))
	}
	return lines[:min(len(lines), height)]
}

func (f frame) head(p format.Style) string {
	title := "forward to " + f.target.Revision
	if f.target.Rollback {
		title = "back to what was found"
	}
	if f.target.Version != "" {
		title += " (Istio " + f.target.Version + ")"
	}
	return p.Paint(format.Strong, format.Cut(f.run+": "+title, p.Width))
}

func (f frame) clock(p format.Style, now time.Time) string {
	text := "elapsed " + format.Duration(now.Sub(f.began))
	if rest := expected(f.world, f.target, f.ledger, f.left, f.parallel, now); rest > 0 {
		text += ", about " + format.Duration(rest) + " to go"
	}
	return format.Cut(text, p.Width)
}

// plane is the line of what comes before the waves.
func (f frame) plane(p format.Style) string {
	text, tone := "good", format.Good
	if left := step.Flat(f.left); len(left) > 0 && left[0].Wave == 0 {
		text, tone = doingBefore(left[0]), format.Warn
		if why := f.reasons[left[0].Subject]; why != "" && len(step.Commits(f.left)) == 0 {
			text += ": " + why
		}
	}
	return p.Paint(tone, format.Cut("  control plane  "+strings.Join(f.target.ControlPlanes(), ", ")+"  "+text, p.Width))
}

func doingBefore(s step.Step) string {
	switch s.Kind {
	case step.Define:
		return "the definition is put first"
	case step.DeleteTrial:
		return "trial pods end first"
	case step.Install:
		return "is being installed"
	case step.Remove:
		return "the old one is taken away"
	case step.DryRun:
		return "the old one is gone: it is tried what the mesh admits"
	case step.Pin:
		return "namespaces are bound to what they run"
	case step.Tag:
		return "tags are moved"
	case step.RestoreLabel:
		return "namespaces get their own labels again"
	}
	return "is judged"
}

// body is the waves, the current one with its workloads; what does not fit is
// summed up.
func (f frame) body(p format.Style, waves []progress, room int, now time.Time) []string {
	before, current, after := split(waves)
	detail := max(room-len(waves), 0)
	if len(waves) > room/2 {
		before, after = folded(before), folded(after)
		detail = max(room-len(before)-len(after)-len(current), 0)
	}
	var rows []string
	for _, w := range before {
		rows = append(rows, f.wave(p, w, now))
	}
	for _, w := range current {
		rows = append(append(rows, f.wave(p, w, now)), f.works(p, w, detail, now)...)
	}
	for _, w := range after {
		rows = append(rows, f.wave(p, w, now))
	}
	return rows
}

// split parts the waves at the one that is worked on.
func split(waves []progress) (before, current, after []progress) {
	for _, w := range waves {
		switch {
		case w.state == proven && len(current) == 0 && len(after) == 0:
			before = append(before, w)
		case w.state != waits && w.state != proven && len(current) == 0:
			current = append(current, w)
		default:
			after = append(after, w)
		}
	}
	return before, current, after
}

// folded sums waves up as one.
func folded(waves []progress) []progress {
	if len(waves) < 2 {
		return waves
	}
	sum := waves[0]
	for _, w := range waves[1:] {
		sum.Namespaces = append(sum.Namespaces[:len(sum.Namespaces):len(sum.Namespaces)], w.Namespaces...)
		sum.works = append(sum.works[:len(sum.works):len(sum.works)], w.works...)
	}
	sum.Number = -len(waves)
	return []progress{sum}
}

func (f frame) wave(p format.Style, w progress, now time.Time) string {
	name := fmt.Sprintf("wave %d/%d", w.Number, all(f.target, &f.ledger))
	if w.Number < 0 {
		name = fmt.Sprintf("%d waves", -w.Number)
	}
	text := fmt.Sprintf("  %-9s %s %d/%d %-10s %s", name, bar(w.proven(), len(w.works)), w.proven(), len(w.works), w.word(now), strings.Join(w.Namespaces, ", "))
	return p.Paint(toneOf(w.state), format.Cut(text, p.Width))
}

// word is the wave's state, with what is left of its soak.
func (p progress) word(now time.Time) string {
	if p.state == soaking && !p.until.IsZero() {
		return "soak " + format.Duration(max(0, p.until.Sub(now)))
	}
	return string(p.state)
}

func toneOf(s state) format.Tone {
	switch s {
	case proven:
		return format.Good
	case waits:
		return format.Dim
	case held:
		return format.Bad
	}
	return format.Plain
}

// bar draws done of all in ten characters.
func bar(done, all int) string {
	full := 10
	if all > 0 {
		full = 10 * done / all
	}
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", 10-full) + "]"
}
