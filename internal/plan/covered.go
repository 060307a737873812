// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// covered reports whether a step that is not among those agreed to was agreed to
// with one of them: its start is what a carrying out that was broken off leaves.
func covered(s Step, approved []Step) bool {
	return slices.ContainsFunc(approved, func(a Step) bool {
		return evictionCovered(s, a) || halfway(s, a) || narrowed(s, a) || swapCovered(s, a) || presetCovered(s, a)
	})
}

// halfway reports whether a tag was found between where it was and where it was
// to go: its parts are written one after the other. One that is gone is no other
// plan: it holds the run by its name.
func halfway(s, a Step) bool {
	if s.Kind != Tag || a.Kind != Tag || a.Subject != s.Subject || a.To != s.To {
		return false
	}
	return s.From == "" || within(s.From, append(strings.Split(a.From, "+"), a.To))
}

// narrowed reports whether of a workload with sidecars of several revisions those of
// some are moved, or gone, already: its pods are evicted one after the other.
func narrowed(s, a Step) bool {
	if s.Kind != Restart && s.Kind != Replace {
		return false
	}
	from := strings.Split(a.From, "+")
	a.From = s.From
	return s == a && within(s.From, from)
}

// within reports whether each part of a start is one of those that were agreed to.
func within(from string, agreed []string) bool {
	for part := range strings.SplitSeq(from, "+") {
		if !slices.Contains(agreed, part) {
			return false
		}
	}
	return true
}

// presetCovered reports whether a template is pinned without a restart only because
// the pods whose restart, or eviction, would have pinned it are away for now.
func presetCovered(s, a Step) bool {
	return s.Kind == Preset && (a.Kind == Restart || a.Kind == Replace) && a.Wave == s.Wave && a.Subject == s.Subject && a.Pin == s.Pin
}

// comesBack reports whether a step may come back behind the run by itself: on the
// way back of a swap an exchange that was broken off leaves a stand-in, which shows
// only once its ReplicaSet has made it. Those pods are the run's own.
func comesBack(s Step, t Target) bool { return s.Kind == Swap && t.Back }
