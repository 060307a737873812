// SPDX-License-Identifier: Apache-2.0

package plan

import "slices"

// ofMoving are the notes that speak of how a workload, or those of a namespace, are moved: where it was moved
// already they say nothing of what is left.
var ofMoving = []NoteKind{MayLoseRequests, NotReady, NoRoom, AtMaximum, PinnedProxy, NotSwapped}

// due leaves out the notes on moves that are not left.
func due(notes []Note, left []Stage) []Note {
	moving := map[string]bool{}
	for _, s := range Flat(left) {
		if s.Kind.moves() {
			moving[s.Subject], moving[namespaceOf(s.Subject)] = true, true
		}
	}
	return slices.DeleteFunc(notes, func(n Note) bool { return slices.Contains(ofMoving, n.Kind) && !moving[n.Subject] })
}

// Moving reports whether anything is left that is moved, or judged before it is.
func Moving(left []Stage) bool {
	return slices.ContainsFunc(left, func(s Stage) bool { return s.Kind.moves() || s.Kind == Label || s.Kind == Preset || s.Kind == Admit })
}

// moves reports whether steps of this kind bring a workload's pods to another
// revision, or try that.
func (k Kind) moves() bool {
	return k == Trial || k == Restart || k == Replace || k == Swap
}
