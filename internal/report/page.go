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

// Summary is what closes a run: before, after, the evidence, the times.
type Summary struct {
	Run     string
	Outcome engine.Outcome
	Intent  step.Intent
	World   mesh.World // as it was last seen
	Target  step.Target
	Ledger  step.Ledger
	Left    []step.Stage
	Began   time.Time // of this command; the ledger knows when the run did
	Ended   time.Time
}

// Text writes the page for people.
func (g Summary) Text(p format.Style) string {
	lines := []string{"", p.Paint(g.tone(), g.headline()), g.times()}
	if g.Outcome == engine.Held {
		lines = append(lines, g.held(p)...)
	}
	if g.Outcome == engine.RolledBack {
		lines = append(lines, g.notAsFound(p)...)
	}
	lines = append(lines, g.labels(p)...)
	lines = append(lines, g.workloads(p)...)
	lines = append(lines, standInLines(p, standIns(g.World))...)
	lines = append(lines, g.gateways(p)...)
	lines = append(lines, g.planes(p)...)
	lines = append(lines, g.next(p)...)
	return strings.Join(lines, "\n") + "\n"
}

func (g Summary) tone() format.Tone {
	if g.Outcome == engine.Held {
		return format.Bad
	}
	return format.Good
}

func (g Summary) headline() string {
	switch g.Outcome {
	case engine.Completed, engine.RolledBack:
		word, rest := map[engine.Outcome]string{engine.Completed: "complete", engine.RolledBack: "rolled back"}[g.Outcome], ""
		result, but := g.Result()
		if but != "" {
			rest = but + ", see below"
		}
		return fmt.Sprintf("Run %s is %s: %s, proven on the wire%s.", g.Run, word, result, rest)
	}
	if h := g.Ledger.Held; h != nil && h.Reason == "WaveReverted" {
		return fmt.Sprintf("Run %s is held: its wave %d failed and was put back.", g.Run, h.Wave)
	}
	return fmt.Sprintf("Run %s is held: nothing more was changed.", g.Run)
}

func (g Summary) times() string {
	text := fmt.Sprintf("From %s to %s: %s", g.Began.Format("15:04:05"), g.Ended.Format("15:04:05"), format.Duration(g.Ended.Sub(g.Began)))
	if s := g.Ledger.Started; !s.IsZero() && g.Began.Sub(s) > 5*time.Second {
		text += fmt.Sprintf("; the run began %s", s.Format("2006-01-02 15:04:05"))
	}
	return text + "."
}

func (g Summary) held(p format.Style) []string {
	if g.Ledger.Held == nil {
		return nil
	}
	return append([]string{""}, heldLines(p, *g.Ledger.Held)...)
}

// heldLines say where a run stopped, why, and what to do.
func heldLines(p format.Style, h step.Hold) []string {
	lines := p.Wrap("At          ", h.Subject+" ("+h.Reason+")")
	for i, l := range strings.Split(h.Message, "\n") {
		lead := "Found       "
		if i > 0 {
			lead = "            "
		}
		lines = append(lines, p.Wrap(lead, l)...)
	}
	return append(lines, p.Wrap("What to do  ", h.Hint)...)
}

// labels are the bindings before and now.
func (g Summary) labels(p format.Style) []string {
	rows := [][]format.Cell{format.Header("NAMESPACE", "LABELS BEFORE", "LABELS NOW")}
	for _, name := range g.namespaces() {
		ns, _ := g.World.Namespace(name)
		rows = append(rows, format.Row(name, cmp.Or(g.Ledger.Baseline.Bindings[name], "?"), ns.Binding().String()))
	}
	return append([]string{""}, p.Table("", rows)...)
}

// namespaces are those of the run, in the order of its waves.
func (g Summary) namespaces() []string {
	var list []string
	for _, wave := range g.Ledger.Waves {
		list = append(list, wave...)
	}
	return list
}
