// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Status is where a run stands.
type Status struct {
	Run           string
	Intent        step.Intent
	Phase         string
	Message       string
	Digest        string // of the plan that was agreed to
	Holder        string // who works on it now, "" nobody
	HolderUnknown bool   // who works on it may not be read
	Unapproved    bool   // nothing of it was agreed to
	At            time.Time
	UnreadRemoval string                // why what a removal would take could not be read, so that it is not among what is left
	Gone          *plan.RevisionMissing // the run's revision is gone, and it does not install it
	World         mesh.World
	Target        step.Target
	Ledger        step.Ledger
	Left          []step.Stage
}

// stood is a Standing in JSON.
type stood struct {
	Run    string       `json:"run"`
	Phase  string       `json:"phase"`
	Digest string       `json:"digest,omitempty"`
	Holder string       `json:"holder,omitempty"`
	Veiled bool         `json:"holderUnknown,omitempty"`
	Hold   *step.Hold   `json:"hold,omitempty"`
	Drift  []step.Step  `json:"drift,omitempty"`
	Left   []step.Stage `json:"left"`
	Trials []StandIn    `json:"trials,omitempty"` // pods that are being tried
	Unseen string       `json:"unseen,omitempty"`
	Gone   string       `json:"gone,omitempty"` // why nothing of what is left can be done
	Ledger step.Ledger  `json:"ledger"`
}

// Object is the standing for programs, with the ledger in clear.
func (s Status) Object() any {
	gone := ""
	if s.Gone != nil {
		gone = s.Gone.Found()
	}
	return stood{Run: s.Run, Gone: gone, Phase: cmp.Or(s.Phase, "Pending"), Digest: s.Digest, Holder: s.Holder, Veiled: s.HolderUnknown, Hold: s.Ledger.Held,
		Drift: plan.Drift(s.Left, s.Target, s.Ledger), Left: orEmpty(s.Left), Trials: standIns(s.World), Unseen: s.UnreadRemoval, Ledger: s.Ledger}
}

// Text is the standing for people.
func (s Status) Text(p format.Style) string {
	lines := append(p.Table("", s.facts()), s.waits(p)...)
	if s.Unapproved {
		return strings.Join(append(lines, "", "Nothing of it was agreed to, and nothing was changed."), "\n") + "\n"
	}
	if h := s.Ledger.Held; h != nil {
		lines = append(append(lines, ""), heldLines(p, *h)...)
	}
	lines = append(append(lines, ""), s.waves(p)...)
	lines = append(lines, s.parked(p)...)
	lines = append(lines, standInLines(p, standIns(s.World))...)
	if s.Gone == nil { // of what would be left nothing can be done
		lines = append(lines, s.left(p)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s Status) facts() [][]format.Cell {
	phase := cmp.Or(s.Phase, "Pending")
	rows := [][]format.Cell{
		{format.Dim.Cell("Run"), format.Strong.Cell(s.Run)},
		{format.Dim.Cell("Phase"), phaseTone(phase).Cell(phase)},
		{format.Dim.Cell("Target"), {Text: s.target()}},
	}
	if s.Message != "" && s.Ledger.Held == nil && len(step.Commits(s.Left)) == 0 {
		rows = append(rows, []format.Cell{format.Dim.Cell("Message"), {Text: s.Message}})
	}
	rows = append(rows, []format.Cell{format.Dim.Cell("Worked on by"), {Text: s.worker()}})
	if !s.Ledger.Started.IsZero() {
		rows = append(rows, []format.Cell{format.Dim.Cell("Begun"), {Text: s.Ledger.Started.Format("2006-01-02 15:04:05")}})
	}
	if !s.Ledger.Ended.IsZero() {
		rows = append(rows, []format.Cell{format.Dim.Cell("Ended"), {Text: s.Ledger.Ended.Format("2006-01-02 15:04:05")}})
	}
	return rows
}

func (s Status) worker() string {
	if s.HolderUnknown {
		return "not known (you may not read the Lease)"
	}
	return cmp.Or(s.Holder, "nobody")
}

func (s Status) target() string {
	to := "revision " + s.Intent.Revision
	if s.Intent.Version != "" {
		to += " (Istio " + s.Intent.Version + ")"
	}
	if s.Intent.Rollback {
		return "what was found before the run to " + to
	}
	return to
}

func phaseTone(phase string) format.Tone {
	switch phase {
	case "Held":
		return format.Bad
	case "Completed", "RolledBack":
		return format.Good
	}
	return format.Warn
}

func (s Status) waves(p format.Style) []string {
	rows := [][]format.Cell{format.Header("WAVE", "STATE", "PROVEN", "NAMESPACES")}
	for _, w := range progressOf(s.World, s.Target, s.Ledger, s.Left) {
		if s.Ledger.Held != nil && w.state != proven && w.state != waits {
			w.state = held
		}
		rows = append(rows, []format.Cell{{Text: fmt.Sprintf("%d/%d", w.Number, all(s.Target, &s.Ledger))}, toneOf(w.state).Cell(w.word(s.At)),
			{Text: fmt.Sprintf("%d/%d", w.proven(), len(w.works))}, {Text: strings.Join(w.Namespaces, ", ")}})
	}
	return p.Table("", rows)
}

// left says what is left to do, and what of it nobody agreed to.
func (s Status) left(p format.Style) []string {
	steps := step.Flat(s.Left)
	if len(steps) == 0 {
		return []string{"", "Nothing is left to do."}
	}
	lines := []string{"", fmt.Sprintf("Left: %s, %s of them writes", format.Count(len(steps), "step"), fmt.Sprint(len(step.Writes(s.Left))))}
	for i, s := range steps {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("  and %d more", len(steps)-i))
			break
		}
		lines = append(lines, "  "+s.String())
	}
	if drift := plan.Drift(s.Left, s.Target, s.Ledger); len(drift) > 0 {
		lines = append(lines, p.Paint(format.Warn, fmt.Sprintf("Nobody agreed to %d of them: the next `rerig upgrade` or `rerig rollback` shows them and asks.", len(drift))))
	}
	return lines
}
