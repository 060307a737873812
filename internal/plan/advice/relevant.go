// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"slices"

	"github.com/rerig/rerig/internal/step"
)

// aboutMoves are the notes on moves: they are left out once the workload, or all workloads
// of the namespace, have been moved.
var aboutMoves = []step.NoteKind{step.MayLoseRequests, step.NotReady, step.NoCapacity, step.AtMaximum, step.PinnedProxy, step.NotSwapped}

// Relevant leaves out notes on moves that have been made.
func Relevant(notes []step.Note, left []step.Stage) []step.Note {
	moving := map[string]bool{}
	for _, s := range step.Flat(left) {
		if s.Kind.MovesPods() {
			moving[string(s.Subject)], moving[s.Workload().Namespace()] = true, true
		}
	}
	return slices.DeleteFunc(notes, func(n step.Note) bool { return slices.Contains(aboutMoves, n.Kind) && !moving[n.Subject] })
}

// MovesPods reports whether any move of pods, or what precedes one, is left.
func MovesPods(left []step.Stage) bool {
	return slices.ContainsFunc(left, func(stage step.Stage) bool {
		return stage.Kind.MovesPods() || stage.Kind == step.Label || stage.Kind == step.LabelTemplate || stage.Kind == step.Validate
	})
}
