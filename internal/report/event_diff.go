// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// InstallerOutput is the kind of events that hold a line of an installer's output. The engine
// has no such events.
const InstallerOutput engine.EventKind = "output"

// MissedEvents returns the events between two observations of a run that another
// process works on: a step that is no longer left was carried out.
func MissedEvents(before, left []step.Stage, w mesh.World, t step.Target, l step.Ledger) []engine.Event {
	still := map[step.Step]bool{}
	for _, s := range step.Flat(left) {
		still[s] = true
	}
	var events []engine.Event
	for _, s := range step.Flat(before) {
		if still[s] {
			continue
		}
		if s.Kind.Changes() {
			events = append(events, engine.Event{Kind: engine.Acted, Step: &s})
		} else if pass, ok := l.Passed[plan.VerdictKey(w, s, t)]; ok {
			v := verify.Verdict{Subject: string(s.Subject), Result: verify.Pass, Reason: pass.Evidence}
			events = append(events, engine.Event{Kind: engine.Passed, Step: &s, Verdict: &v})
		}
	}
	return events
}
