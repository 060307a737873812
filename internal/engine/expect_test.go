// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// expect runs a fake and checks its outcome and its events.
func expect(t *testing.T, f *fake, want Outcome) {
	t.Helper()
	before := len(f.events)
	if got, err := f.run(); err != nil || got != want {
		t.Fatalf("got outcome %q, %v, want %q; hold: %+v", got, err, want, f.ledger.Held)
	}
	checkEvents(t, f, f.events[before:], want)
}

// checkEvents checks what is true of the events of every run that ends: it begins with
// Began, ends with its outcome, and each verdict has a name with a heading in
// docs/reference/checks.md.
func checkEvents(t *testing.T, f *fake, events []Event, outcome Outcome) {
	t.Helper()
	last := events[len(events)-1]
	switch {
	case events[0].Kind != Began:
		t.Errorf("got first event %q, want %q", events[0].Kind, Began)
	case outcome == Held && (last.Kind != Holding || last.Hold == nil || *last.Hold != *f.ledger.Held):
		t.Errorf("got last event %q with hold %+v, want %q with hold %+v", last.Kind, last.Hold, Holding, f.ledger.Held)
	case outcome != Held && last.Kind != Finished:
		t.Errorf("got last event %q, want %q", last.Kind, Finished)
	}
	for _, e := range events {
		evaluated := e.Kind == Waiting || e.Kind == Passed
		switch {
		case e.Run != f.intent.Run && e.Kind != Retrying:
			t.Errorf("%s: got run %q, want %q", e.Kind, e.Run, f.intent.Run)
		case evaluated && (e.Step == nil || e.Verdict == nil || !slices.Contains(verify.Names(), e.Verdict.Check)):
			t.Errorf("%s: got step %v and verdict %+v, want both, and a check that has a name", e.Kind, e.Step, e.Verdict)
		case (e.Kind == Acting || e.Kind == Acted) && e.Step == nil:
			t.Errorf("%s: got no step", e.Kind)
		}
	}
}

// wantHold checks the hold of a run. Message and Hint are parts of the texts; what is
// zero is not compared. Every hold has a subject and a hint.
func wantHold(t *testing.T, f *fake, want step.Hold) {
	t.Helper()
	got := f.ledger.Held
	switch {
	case got == nil, got.Subject == "", got.Hint == "",
		want.Reason != "" && got.Reason != want.Reason,
		want.Subject != "" && got.Subject != want.Subject,
		want.Check != "" && got.Check != want.Check,
		want.Wave != 0 && got.Wave != want.Wave,
		!strings.Contains(got.Message, want.Message),
		!strings.Contains(got.Hint, want.Hint):
		t.Fatalf("got hold %+v\nwant %+v", got, want)
	}
}

// sidecars returns the revisions of the sidecars in each namespace.
func sidecars(f *fake) string {
	return fmt.Sprint(f.sidecarsIn("a"), f.sidecarsIn("b"), f.sidecarsIn("c"))
}

func wantSidecars(t *testing.T, f *fake, want string) {
	t.Helper()
	if got := sidecars(f); got != want {
		t.Fatalf("got sidecars %s, want %s; hold: %+v", got, want, f.ledger.Held)
	}
}

func line(e Event) string { return fmt.Sprintf("%s %s %s", e.Kind, e.Step.Kind, e.Step.Subject) }

// repeatedRestart returns a workload that was restarted twice; "" for none.
func repeatedRestart(f *fake) string {
	seen := map[string]bool{}
	for _, c := range f.writes {
		if c.Verb != step.Patch {
			continue
		}
		key := c.Kind + c.Namespace + c.Name
		if seen[key] && c.Kind == "Deployment" {
			return key
		}
		seen[key] = true
	}
	return ""
}

// repair ends everything that a test made fail.
func repair(f *fake) {
	f.rejectsIn, f.unreadyWorkload, f.silentIstiod, f.badCertificatePod, f.installErr = "", "", "", "", nil
	for i := range f.world.Workloads {
		f.world.Workloads[i].Rollout.Done = true
	}
}
