// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// TestCrowdedFrame: a wide world fits a small terminal, by summing up.
func TestCrowdedFrame(t *testing.T) {
	w := shop()
	for i := range 30 {
		name := fmt.Sprintf("team-%02d", i)
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		for j := range 20 {
			add(&w, mesh.Workload{Kind: mesh.Deployment, Namespace: name, Name: fmt.Sprintf("a-service-with-a-rather-long-name-%02d", j)}, 2, "1-29-1", "1.29.1")
		}
	}
	w.Revisions = append(w.Revisions, plane("1-31-0", "1.31.0"))
	w.Webhooks = append(w.Webhooks, hooks("1-31-0", "")...)
	w.Sort()
	in := intent
	in.WaveCount = 15
	target, err := plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := plan.NewLedger(plan.Make(w, target, step.Ledger{}), noon)
	for range 170 {
		w, l = plan.Simulate(w, target, l, plan.Steps(w, target, l)[0].Steps[0], noon)
	}
	f := frame{reasons: map[string]string{}, parallel: 4}
	f.take(engine.Event{Kind: engine.Observed, At: noon, Run: in.Run, World: &w, Target: &target, Ledger: &l, Stages: plan.Steps(w, target, l)})
	lines := f.lines(format.Style{Width: 79}, 23, noon)
	if len(lines) > 23 {
		t.Errorf("%d lines on a terminal of 24", len(lines))
	}
	for _, line := range lines {
		if format.Width(line) > 79 {
			t.Errorf("%d columns on a terminal of 80: %s", format.Width(line), line)
		}
	}
	golden(t, "frame-crowded.txt", strings.Join(lines, "\n")+"\n")
}

// TestScreenRedrawsInPlace: what the terminal shows in the end is the last
// frame, under the lines that scrolled by.
func TestScreenRedrawsInPlace(t *testing.T) {
	var b strings.Builder
	s := &Screen{Out: &b, Size: func() (int, int) { return 80, 24 }, Parallel: 4}
	story(t, s.Report)
	s.Close()
	shown := terminal(b.String())
	if strings.Contains(shown, "elapsed") {
		t.Errorf("a piece of the live view is left:\n%s", shown)
	}
	for _, line := range []string{" is up", "nothing is left to do"} {
		if strings.Count(shown, line) != 1 {
			t.Errorf("%q is there %d times:\n%s", line, strings.Count(shown, line), shown)
		}
	}
}

// TestScreenMadeNarrower: terminals wrap what no longer fits, and the way back to
// where the live view begins is longer then.
func TestScreenMadeNarrower(t *testing.T) {
	s := &Screen{drawn: []string{strings.Repeat("x", 100), "\x1b[32mshort\x1b[0m"}}
	for columns, want := range map[int]string{120: "\r\x1b[2A", 79: "\r\x1b[3A", 40: "\r\x1b[4A"} {
		if got := s.back(columns); got != want {
			t.Errorf("at %d columns: %q, want %q", columns, got, want)
		}
	}
}

// terminal is what a terminal of endless height shows that gets these bytes. It
// knows what Screen uses.
func terminal(text string) string {
	rows, y := []string{""}, 0
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\r\n"):
			if y++; y == len(rows) {
				rows = append(rows, "")
			}
			text = text[2:]
		case text[0] == '\r':
			text = text[1:]
		case strings.HasPrefix(text, "\x1b["):
			end := 2 + strings.IndexFunc(text[2:], func(r rune) bool { return r >= '@' && r <= 'z' })
			var n int
			_, _ = fmt.Sscanf(text[2:end], "%d", &n) // none is 0
			switch text[end] {
			case 'A':
				y = max(0, y-n)
			case 'J':
				rows = append(rows[:y], "")
			}
			text = text[end+1:]
		default:
			end := strings.IndexAny(text, "\r\x1b")
			if end < 0 {
				end = len(text)
			}
			rows[y] = text[:end]
			text = text[end:]
		}
	}
	return strings.Join(rows, "\n")
}
