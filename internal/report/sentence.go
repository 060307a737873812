// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// told is an event in one sentence, and how it is meant.
func told(e engine.Event) (string, format.Tone) {
	switch e.Kind {
	case engine.Began:
		return began(e), format.Plain
	case engine.Acting:
		return doing(*e.Step), format.Plain
	case engine.Acted:
		if e.Move != nil {
			return swapMove(*e.Step, *e.Move), format.Plain
		}
		return done(*e.Step), format.Plain
	case engine.Waiting:
		return fmt.Sprintf("%s waits: %s", subject(*e.Step), e.Verdict.Reason), format.Dim
	case engine.Passed:
		tone := format.Good
		if e.Verdict.Result == verify.Warn {
			tone = format.Warn
		}
		return fmt.Sprintf("%s: %s", passed(*e.Step), e.Verdict.Reason), tone
	case engine.Soaking:
		return fmt.Sprintf("soaks until %s: %s", e.Until.Format("15:04:05"), e.Step.Subject), format.Plain
	case engine.Retrying:
		return "out of reach, trying again: " + e.Message, format.Warn
	case engine.RollingBack:
		return "turned around: " + e.Message, format.Warn
	case engine.Holding:
		first, _, _ := strings.Cut(e.Hold.Message, "\n") // the page has all of it
		return fmt.Sprintf("held at %s (%s): %s", e.Hold.Subject, e.Hold.Reason, first), format.Bad
	case engine.Finished:
		return "nothing is left to do", format.Good
	}
	return cmp.Or(e.Message, string(e.Kind)), format.Plain
}

func began(e engine.Event) string {
	text := fmt.Sprintf("run %s: %s left", e.Run, format.Count(len(step.Writes(e.Stages)), "write"))
	if n := waves(e.Stages); n > 0 {
		text += ", in " + format.Count(n, "wave")
	}
	return text
}

// waves counts the waves that something is left of.
func waves(stages []step.Stage) int {
	seen := map[int]bool{}
	for _, stage := range stages {
		seen[stage.Wave] = stage.Wave > 0
	}
	delete(seen, 0)
	return len(seen)
}

// doing tells a write that is about to be made, where that takes long enough to
// be worth it; most are told once they are made.
func doing(s step.Step) string {
	if s.Kind == step.Install {
		return fmt.Sprintf("bringing up revision %s: this can take a few minutes", s.Subject)
	}
	if s.Kind == step.Trial {
		return fmt.Sprintf("making a trial pod of %s, with the sidecar of %s, %s", s.Subject, s.To, s.From)
	}
	return ""
}

func done(s step.Step) string {
	switch s.Kind {
	case step.Define:
		return "defined " + s.Subject
	case step.Install:
		return "revision " + s.Subject + " is up"
	case step.Label, step.Pin, step.RestoreLabel:
		return fmt.Sprintf("labelled Namespace %s: %s -> %s", s.Subject, s.From, s.To)
	case step.LabelTemplate:
		return fmt.Sprintf("labelled the template of %s: %s -> %s", s.Subject, s.From, s.To)
	case step.Tag:
		return fmt.Sprintf("moved %s: %s -> %s", tagged(s), cmp.Or(s.From, "nobody"), s.To)
	case step.EvictStuckPod:
		pod, _, _ := strings.Cut(s.From, " ")
		return fmt.Sprintf("evicted pod %s of %s", pod, s.Subject)
	case step.DeleteTrial:
		return "ended " + withdrawn(s)
	case step.Trial:
		return fmt.Sprintf("tried %s, %s on %s", s.Subject, s.From, s.To)
	case step.Restart:
		return fmt.Sprintf("restarted %s: %s -> %s", s.Subject, s.From, s.To)
	case step.Remove:
		return fmt.Sprintf("took %s of revision %s away", s.Subject, s.To)
	}
	return s.String()
}

func passed(s step.Step) string {
	switch s.Kind {
	case step.Validate:
		return "admitted revision " + s.Subject
	case step.Trial:
		return fmt.Sprintf("tried %s, %s on %s", s.Subject, s.From, s.To)
	case step.Soak:
		return "soaked " + s.Subject
	case step.DryRun:
		return "tried by dry run, " + s.Subject
	}
	return "proven " + s.Subject
}

// subject is what a step is about, in words.
func subject(s step.Step) string {
	switch s.Kind {
	case step.Validate, step.Install:
		return "revision " + s.Subject
	case step.Trial, step.DeleteTrial:
		return "trial of " + s.Subject
	case step.Label, step.Pin, step.RestoreLabel:
		return "Namespace " + s.Subject
	case step.Tag:
		return tagged(s)
	case step.Soak:
		return "wave of " + s.Subject
	}
	return s.Subject
}

// where is the wave that an event belongs to, as a prefix of fixed width.
func where(e engine.Event) string {
	wave := 0
	switch {
	case e.Step != nil:
		wave = e.Step.Wave
	case e.Hold != nil:
		wave = e.Hold.Wave
	}
	if wave == 0 || e.Target == nil {
		return strings.Repeat(" ", 8)
	}
	return fmt.Sprintf("wave %d/%d", wave, all(*e.Target, e.Ledger))
}

// all is how many waves the run has, of which a target may have one alone.
func all(t step.Target, l *step.Ledger) int {
	if l != nil {
		return max(most(t.Waves), len(l.Waves))
	}
	return most(t.Waves)
}

// most is the highest number that a wave bears.
func most(groups []step.Wave) int {
	n := 0
	for _, g := range groups {
		n = max(n, g.Number)
	}
	return n
}
