// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// overruled is the rule that would have a workload left, or moved otherwise, on
// which a swap has begun. It is not followed: what the swap has in hand, kept pods
// and their stand-ins, nothing but the swap or its way back puts in order.
func (p Policy) overruled(wl mesh.Workload) (Rule, bool) {
	r := p.rule(wl)
	return r, wl.Swapping() && r.Way != "" && r.Way != BySwap
}

// Overruling refuses rules that a run is given anew and that name a workload on
// which a swap has begun: somebody counts on what would not come.
func Overruling(w mesh.World, t Target, given []Rule) error {
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			for _, wl := range w.In(name) {
				if r, is := t.Policy.overruled(wl); is && r.Name != "" && slices.Contains(given, r) {
					return fmt.Errorf("choose how %s is moved: a rule says %s, and a swap has begun on it, which only the swap ends, or the way back: "+
						"mend what holds it and run the same command without that rule, or take the run back with `rerig rollback %s`", wl.Key(), r.Way, t.Run)
				}
			}
		}
	}
	return nil
}

// overrules notes a workload of which a rule, for many perhaps, says otherwise.
func overrules(t Target, wl mesh.Workload) []Note {
	r, is := t.Policy.overruled(wl)
	if !is || t.Back {
		return nil
	}
	return []Note{{Kind: SwapGoesOn, Subject: wl.Key(), Text: "goes on by swap, whatever a rule says: one has begun on it, and only the swap ends that, or the way back", Evidence: "rule '" + r.String() + "'",
		Clears: "mend what holds it, or take the run back: rerig rollback " + t.Run}}
}
