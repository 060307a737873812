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

// eventText returns an event in one sentence, "" for one without a line, and its tone.
func eventText(e engine.Event) (string, format.Tone) {
	switch e.Kind {
	case engine.Began:
		return runBegan(e), format.Plain
	case engine.Acting:
		if start := vocabulary[e.Step.Kind].start; start != nil {
			return start(*e.Step), format.Plain
		}
		return "", format.Plain
	case engine.Acted:
		if e.Move != nil {
			return swapMove(*e.Step, *e.Move), format.Plain
		}
		return vocabulary[e.Step.Kind].done(*e.Step), format.Plain
	case engine.Waiting:
		return objectOf(*e.Step) + ": " + waiting(e.Verdict.Reason), format.Dim
	case engine.Passed:
		tone := format.Good
		if e.Verdict.Result == verify.Warn {
			tone = format.Warn
		}
		return vocabulary[e.Step.Kind].done(*e.Step) + ": " + e.Verdict.Reason, tone
	case engine.Soaking:
		return fmt.Sprintf("soaking until %s: %s", e.Until.Format("15:04:05"), e.Step.Subject), format.Plain
	case engine.Retrying:
		return "cluster not reachable, retrying: " + e.Message, format.Warn
	case engine.RollingBack:
		return e.Message, format.Warn
	case engine.Holding:
		first, _, _ := strings.Cut(e.Hold.Message, "\n") // the summary has the rest
		return fmt.Sprintf("held at %s (%s): %s", e.Hold.Subject, e.Hold.Reason, first), format.Bad
	case engine.Finished:
		return "nothing is left to do", format.Good
	}
	return cmp.Or(e.Message, string(e.Kind)), format.Plain
}

func runBegan(e engine.Event) string {
	text := fmt.Sprintf("run %s: %s left", e.Run, format.Count(len(step.Writes(e.Stages)), "change"))
	if n := wavesLeft(e.Stages); n > 0 {
		text += ", in " + format.Count(n, "wave")
	}
	return text
}

// wavesLeft counts the waves with steps left.
func wavesLeft(stages []step.Stage) int {
	seen := map[int]bool{}
	for _, s := range stages {
		if s.Wave > 0 {
			seen[s.Wave] = true
		}
	}
	return len(seen)
}

// wavePrefix returns the wave of an event, in a fixed width.
func wavePrefix(e engine.Event) string {
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
	return fmt.Sprintf("wave %d/%d", wave, TotalWaves(*e.Target, e.Ledger))
}

// TotalWaves returns how many waves a run has. A target may have fewer: a rollback
// of one failed wave has that one.
func TotalWaves(t step.Target, l *step.Ledger) int {
	if l != nil {
		return max(lastWave(t.Waves), len(l.Waves))
	}
	return lastWave(t.Waves)
}

// waiting says that something is waited for, and for what.
func waiting(reason string) string {
	if strings.HasPrefix(reason, "waiting ") {
		return reason
	}
	return "waiting: " + reason
}
