// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// InstallerOutput is an event that this package adds to the engine's: a line of a program
// that works for a run.
const InstallerOutput engine.EventKind = "said"

// MissedEvents are the events that somebody missed who only sees what is left of a
// run, now and at the look before: a step that vanished was carried out.
func MissedEvents(before, left []step.Stage, w mesh.World, t step.Target, l step.Ledger) []engine.Event {
	var events []engine.Event
	still := step.Flat(left)
	for _, s := range step.Flat(before) {
		if slices.Contains(still, s) {
			continue
		}
		if s.Kind.Changes() {
			events = append(events, engine.Event{Kind: engine.Acted, Step: &s})
		} else if pass, ok := l.Passed[plan.Key(w, s, t)]; ok {
			v := verify.Verdict{Subject: s.Subject, Result: verify.Pass, Reason: pass.Evidence}
			events = append(events, engine.Event{Kind: engine.Passed, Step: &s, Verdict: &v})
		}
	}
	return events
}
