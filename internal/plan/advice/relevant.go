// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"slices"

	"github.com/rerig/rerig/internal/step"
)

// aboutMoves are the notes that speak of how a workload, or those of a namespace, are moved: where it was moved
// already they say nothing of what is left.
var aboutMoves = []step.NoteKind{step.MayLoseRequests, step.NotReady, step.NoRoom, step.AtMaximum, step.PinnedProxy, step.NotSwapped}

// Relevant leaves out the notes on moves that are not left.
func Relevant(notes []step.Note, left []step.Stage) []step.Note {
	moving := map[string]bool{}
	for _, s := range step.Flat(left) {
		if movesPods(s.Kind) {
			moving[string(s.Subject)], moving[s.Workload().Namespace()] = true, true
		}
	}
	return slices.DeleteFunc(notes, func(n step.Note) bool { return slices.Contains(aboutMoves, n.Kind) && !moving[n.Subject] })
}

// MovesPods reports whether anything is left that is moved, or judged before it is.
func MovesPods(left []step.Stage) bool {
	return slices.ContainsFunc(left, func(stage step.Stage) bool {
		return movesPods(stage.Kind) || stage.Kind == step.Label || stage.Kind == step.LabelTemplate || stage.Kind == step.Validate
	})
}

// movesPods reports whether steps of this kind bring a workload's pods to another
// revision, or try that.
func movesPods(k step.Kind) bool {
	return k == step.Trial || k == step.Restart || k == step.EvictPods || k == step.Swap
}
