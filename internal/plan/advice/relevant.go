// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"slices"

	"github.com/rerig/rerig/internal/step"
)

// aboutMoves are the notes on moves: they are left out once the workload, or all workloads
// of the namespace, have been moved.
var aboutMoves = []step.NoteKind{step.MayLoseRequests, step.NotReady, step.NoCapacity, step.AtMaximum, step.PinnedProxy, step.NotSwapped}

// Relevant leaves out notes on moves that have been made, and on labels once all are
// written: where only a removal is left.
func Relevant(notes []step.Note, left []step.Stage) []step.Note {
	moving := map[string]bool{}
	for _, s := range step.Flat(left) {
		if s.Kind.MovesPods() {
			moving[string(s.Subject)], moving[s.Workload().Namespace()] = true, true
		}
	}
	removes := OnlyRemoves(left)
	return slices.DeleteFunc(notes, func(n step.Note) bool {
		return slices.Contains(aboutMoves, n.Kind) && !moving[n.Subject] || n.Kind == step.ByTag && removes
	})
}

// OnlyRemoves reports whether the removal of the old control plane is all that is left.
func OnlyRemoves(left []step.Stage) bool {
	other := func(stage step.Stage) bool { return stage.Kind != step.Remove && stage.Kind != step.DryRun }
	return len(left) > 0 && !slices.ContainsFunc(left, other)
}

// MovesPods reports whether any move of pods, or what precedes one, is left.
func MovesPods(left []step.Stage) bool {
	return slices.ContainsFunc(left, func(stage step.Stage) bool {
		return stage.Kind.MovesPods() || stage.Kind == step.Label || stage.Kind == step.LabelTemplate || stage.Kind == step.Validate
	})
}
