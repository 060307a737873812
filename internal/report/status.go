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

// Status is the state of a run.
type Status struct {
	Run             string
	Intent          step.Intent
	Phase           step.Phase
	Message         string
	Digest          string // of the approved plan
	LeaseHolder     string // of the Lease: the process that works on the run; "" none
	LeaseUnreadable bool   // the Lease may not be read
	Unapproved      bool   // no plan of it was approved
	At              time.Time
	UnreadRemoval   string                // why the objects of a removal could not be read, "" where they were
	Gone            *plan.RevisionMissing // the revision of the run no longer exists, and the run does not install it
	World           mesh.World
	Target          step.Target
	Ledger          step.Ledger
	Left            []step.Stage
}

// statusObject is a Status in JSON.
type statusObject struct {
	Run             string       `json:"run"`
	RootNamespace   string       `json:"rootNamespace"`
	Phase           step.Phase   `json:"phase"`
	Digest          string       `json:"digest,omitempty"`
	LeaseHolder     string       `json:"leaseHolder,omitempty"`
	LeaseUnreadable bool         `json:"leaseUnreadable,omitempty"`
	Hold            *step.Hold   `json:"hold,omitempty"`
	Drift           []step.Step  `json:"drift,omitempty"`
	Left            []step.Stage `json:"left"`
	Trials          []TrialPod   `json:"trials,omitempty"`
	Unseen          string       `json:"unreadRemoval,omitempty"`
	Gone            string       `json:"missingRevision,omitempty"` // why nothing that is left can be done
	Ledger          step.Ledger  `json:"ledger"`
}

// Object returns the state for -o json, with the ledger.
func (s Status) Object() any {
	gone := ""
	if s.Gone != nil {
		gone = s.Gone.Found()
	}
	return statusObject{
		Run: s.Run, RootNamespace: s.World.RootNamespace, Phase: cmp.Or(s.Phase, step.PhasePending), Digest: s.Digest,
		LeaseHolder: s.LeaseHolder, LeaseUnreadable: s.LeaseUnreadable,
		Hold: s.Ledger.Held, Drift: plan.Drift(s.Left, s.Target, s.Ledger), Left: orEmpty(s.Left),
		Trials: trialPods(s.World), Unseen: s.UnreadRemoval, Gone: gone, Ledger: s.Ledger,
	}
}

// Text returns the state for people.
func (s Status) Text(style format.Style) string {
	lines := append(style.Table("", s.facts()), s.actions(style)...)
	if s.Unapproved {
		return strings.Join(append(lines, "", "No plan of it was approved, and nothing was changed."), "\n") + "\n"
	}
	if h := s.Ledger.Held; h != nil {
		lines = append(append(lines, ""), holdLines(style, *h)...)
	}
	progress := ProgressOf(Snapshot{World: s.World, Target: s.Target, Ledger: s.Ledger, Left: s.Left})
	lines = append(lines, s.waveTable(style, progress)...)
	lines = append(lines, s.parkedTable(style, progress)...)
	lines = append(lines, trialTable(style, trialPods(s.World))...)
	if s.Gone == nil { // otherwise nothing that is left can be done
		lines = append(lines, s.stepsLeft(style)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s Status) facts() [][]format.Cell {
	phase := cmp.Or(s.Phase, step.PhasePending)
	var rows [][]format.Cell
	add := func(name string, value format.Cell) {
		rows = append(rows, []format.Cell{format.Dim.Cell(name), value})
	}
	add("Run", format.Strong.Cell(s.Run))
	add("Phase", phaseTone(phase).Cell(string(phase)))
	add("Target", format.Plain.Cell(s.target()))
	if s.Message != "" && s.Ledger.Held == nil && len(step.Commits(s.Left)) == 0 {
		add("Message", format.Plain.Cell(s.Message))
	}
	add("Worked on by", format.Plain.Cell(s.worker()))
	if !s.Ledger.Started.IsZero() {
		add("Started", format.Plain.Cell(s.Ledger.Started.Format(time.DateTime)))
	}
	if !s.Ledger.Ended.IsZero() {
		add("Ended", format.Plain.Cell(s.Ledger.Ended.Format(time.DateTime)))
	}
	return rows
}

func (s Status) worker() string {
	if s.LeaseUnreadable {
		return "unknown (no permission to read the Lease)"
	}
	return cmp.Or(s.LeaseHolder, "no process")
}

func (s Status) target() string {
	to := "revision " + s.Intent.Revision
	if s.Intent.Version != "" {
		to += " (Istio " + s.Intent.Version + ")"
	}
	switch {
	case s.Intent.Rollback:
		return "rollback to the state before the upgrade to " + to
	case s.Target.OnlyWave > 0:
		return fmt.Sprintf("rollback of wave %d, which failed in the upgrade to %s", s.Target.OnlyWave, to)
	}
	return to
}

func phaseTone(phase step.Phase) format.Tone {
	switch phase {
	case step.PhaseHeld:
		return format.Bad
	case step.PhaseCompleted, step.PhaseRolledBack:
		return format.Good
	}
	return format.Warn
}

func (s Status) waveTable(style format.Style, p Progress) []string {
	var rows [][]format.Cell
	for _, w := range p.Waves {
		if s.Ledger.Held != nil && w.State != Verified && w.State != Pending {
			w.State = Held
		}
		namespaces := w.Namespaces
		if !style.Details {
			namespaces = []string{format.List(w.Namespaces, 2*shownNamespaces)}
		}
		rows = append(rows, []format.Cell{
			{Text: fmt.Sprintf("%d/%d", w.Number, TotalWaves(s.Target, &s.Ledger))},
			w.State.Tone().Cell(w.Text(s.At)),
			{Text: fmt.Sprintf("%d/%d", w.Verified, w.Total)},
			{Text: strings.Join(namespaces, ", ")},
		})
	}
	return section(style, format.Header("WAVE", "STATE", "VERIFIED", "NAMESPACES"), rows, "wave")
}

// shownSteps is how many steps are listed without --details.
const shownSteps = 20

// stepsLeft lists what is left to do, and counts what of it no plan covers.
func (s Status) stepsLeft(style format.Style) []string {
	steps := step.Flat(s.Left)
	if len(steps) == 0 {
		return []string{"", "Nothing is left to do."}
	}
	lines := []string{"", fmt.Sprintf("Left: %s, %d of them changes", format.Count(len(steps), "step"), len(step.Writes(s.Left)))}
	for i, step := range steps {
		if i == shownSteps && !style.Details {
			break
		}
		for j, line := range style.Wrap("  ", stepLine(step)) {
			if j > 0 {
				line = "  " + line // not like another step
			}
			lines = append(lines, line)
		}
	}
	lines = folded(lines, len(steps)-shownSteps, style, "step")
	if drift := plan.Drift(s.Left, s.Target, s.Ledger); len(drift) > 0 {
		const text = "%d of them are not in the approved plan: the command that continues the run shows them and asks for approval."
		lines = append(lines, style.WrapIn(format.Warn, "", fmt.Sprintf(text, len(drift)))...)
	}
	return lines
}
