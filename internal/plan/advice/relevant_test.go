// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/step"
)

// Notes on a workload's move end with the move. Notes on the removal stay.
func TestRelevantDropsNotesOfMovedWorkloads(t *testing.T) {
	notes := []step.Note{
		{Kind: step.MayLoseRequests, Subject: "Deployment a/moved"},
		{Kind: step.MayLoseRequests, Subject: "Deployment a/left"},
		{Kind: step.StillReferenced, Subject: "Deployment a/moved"},
	}
	left := []step.Stage{{Wave: 1, Kind: step.Restart, Steps: []step.Step{{Kind: step.Restart, Wave: 1, Subject: "Deployment a/left"}}},
		{Wave: 1, Kind: step.Verify, Steps: []step.Step{{Kind: step.Verify, Wave: 1, Subject: "Deployment a/moved"}}}}
	want := []step.Note{notes[1], notes[2]}
	if diff := cmp.Diff(want, advice.Relevant(notes, left)); diff != "" {
		t.Errorf("relevant notes (-want +got):\n%s", diff)
	}
	removal := []step.Stage{{Kind: step.Remove}, {Kind: step.DryRun}}
	notes = []step.Note{{Kind: step.ByTag, Subject: "a"}, {Kind: step.StillReferenced, Subject: "Deployment a/moved"}}
	if diff := cmp.Diff(notes[1:], advice.Relevant(slices.Clone(notes), removal)); diff != "" {
		t.Errorf("relevant notes of a removal (-want +got):\n%s", diff)
	}
	if advice.MovesPods(removal) || !advice.MovesPods(left) {
		t.Errorf("moves pods: got %t for a removal and %t for a restart, want false and true", advice.MovesPods(removal), advice.MovesPods(left))
	}
	if define := []step.Stage{{Kind: step.Define, Steps: []step.Step{{Kind: step.Define}}}}; len(step.Writes(append(define, left...))) != 1 {
		t.Errorf("writes: got %v, want one", step.Writes(append(define, left...)))
	}
}
