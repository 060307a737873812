// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Summary is the summary at the end of a run.
type Summary struct {
	Run     string
	Outcome engine.Outcome
	Intent  step.Intent
	World   mesh.World // the last observation
	Target  step.Target
	Ledger  step.Ledger
	Left    []step.Stage
	Hops    []mesh.Hop // from gateways
	Began   time.Time  // of this command; the ledger has the time of the run
	Ended   time.Time
}

// Text returns the summary for people.
func (g Summary) Text(style format.Style) string {
	lines := slices.Concat([]string{""}, style.WrapIn(g.tone(), "", g.headline()), style.Wrap("", g.times()))
	if h := g.Ledger.Held; g.Outcome == engine.Held && h != nil {
		lines = append(append(lines, ""), holdLines(style, *h)...)
	}
	if g.Outcome == engine.RolledBack {
		lines = append(lines, g.differenceTable(style)...)
	}
	results := g.results()
	lines = slices.Concat(lines, workloadCounts(style, results), g.labelTable(style), g.workloads(style, results),
		trialTable(style, trialPods(g.World)),
		g.gatewayTable(style), g.versionSpans(style), g.contestedGateways(style), g.controlPlaneTable(style), g.next(style))
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
	case engine.Completed:
		return fmt.Sprintf("Run %s is complete: %s.", g.Run, g.resultSentence())
	case engine.RolledBack:
		return fmt.Sprintf("Run %s is rolled back: %s.", g.Run, g.resultSentence())
	}
	if h := g.Ledger.Held; h != nil && h.Reason == step.ReasonWaveReverted {
		return fmt.Sprintf("Run %s is held: wave %d failed and was rolled back.", g.Run, h.Wave)
	}
	return fmt.Sprintf("Run %s is held: nothing more was changed.", g.Run)
}

func (g Summary) resultSentence() string {
	result, exceptions := g.Result()
	if exceptions != "" {
		exceptions += ", see below"
	}
	return result + exceptions
}

func (g Summary) times() string {
	began, ended := g.Began.Format(time.TimeOnly), g.Ended.Format(time.TimeOnly)
	text := fmt.Sprintf("From %s to %s: %s", began, ended, format.Duration(g.Ended.Sub(g.Began)))
	if started := g.Ledger.Started; !started.IsZero() && g.Began.Sub(started) > 5*time.Second {
		text += "; the run started at " + started.Format(time.DateTime)
	}
	return text + "."
}

// holdLines tell where a run stopped, why, and what to do.
func holdLines(style format.Style, h step.Hold) []string {
	lines := style.Wrap("Held at     ", fmt.Sprintf("%s (%s)", h.Subject, h.Reason))
	if h.Check != "" {
		lines = append(lines, style.Wrap("Check       ", h.Check+" (docs/reference/checks.md)")...)
	}
	for i, text := range strings.Split(h.Message, "\n") {
		lead := "Found       "
		if i > 0 {
			lead = "            "
		}
		lines = append(lines, style.Wrap(lead, text)...)
	}
	return append(lines, style.Wrap("What to do  ", h.Hint)...)
}

// labelTable has the labels of the namespaces before and now. Where they do not fit,
// namespaces with the same labels share a row.
func (g Summary) labelTable(style format.Style) []string {
	type labels struct{ name, before, now string }
	var list []labels
	for _, name := range g.namespaces() {
		ns, _ := g.World.Namespace(name)
		before := g.Ledger.Baseline.Bindings[name]
		list = append(list, labels{name: name, before: before, now: ns.Binding().String()})
	}
	groups := grouped(list, func(l labels) string {
		if len(list) <= maxRows || style.Details {
			return l.name
		}
		return l.before + " " + l.now
	})
	var rows [][]format.Cell
	for _, group := range groups {
		name := group[0].name
		if len(group) > 1 {
			name = format.Count(len(group), "namespace")
		}
		rows = append(rows, format.Row(name, orUnknown(group[0].before), group[0].now))
	}
	return section(style, format.Header("NAMESPACE", "LABELS BEFORE", "LABELS NOW"), rows, "row")
}

func orUnknown(text string) string {
	if text == "" {
		return "?"
	}
	return text
}

// namespaces returns those of the run in the order of its waves.
func (g Summary) namespaces() []string {
	namespaces, _ := step.SplitWaves(g.Ledger.Waves)
	return namespaces
}

// has reports whether a workload is in a wave of the run.
func (g Summary) has(wl mesh.Workload) bool {
	names := slices.Concat(g.Ledger.Waves...)
	return slices.Contains(names, wl.Namespace) || slices.Contains(names, string(wl.Ref()))
}
