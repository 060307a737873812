// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotesOfMovesThatAreLeft: of what was moved already nothing is said that its
// move is about; what concerns the removal stays.
func TestNotesOfMovesThatAreLeft(t *testing.T) {
	notes := []Note{
		{Kind: MayLoseRequests, Subject: "Deployment a/moved"},
		{Kind: MayLoseRequests, Subject: "Deployment a/left"},
		{Kind: HoldsOn, Subject: "Deployment a/moved"},
	}
	left := []Stage{{Wave: 1, Kind: Restart, Steps: []Step{{Kind: Restart, Wave: 1, Subject: "Deployment a/left"}}},
		{Wave: 1, Kind: Prove, Steps: []Step{{Kind: Prove, Wave: 1, Subject: "Deployment a/moved"}}}}
	want := []Note{notes[1], notes[2]}
	if diff := cmp.Diff(want, due(notes, left)); diff != "" {
		t.Error(diff)
	}
	if removal := []Stage{{Kind: Remove}, {Kind: Try}}; Moving(removal) || !Moving(left) {
		t.Errorf("a removal moves: %t; a restart does: %t", Moving(removal), Moving(left))
	}
	if define := []Stage{{Kind: Define, Steps: []Step{{Kind: Define}}}}; len(Writes(append(define, left...))) != 1 {
		t.Errorf("counted: %v", Writes(append(define, left...)))
	}
}
