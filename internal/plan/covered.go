// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/step"
)

// isCovered reports whether a step that is not among those agreed to was agreed to
// with one of them: its start is what a carrying out that was broken off leaves.
func isCovered(s step.Step, approved []step.Step) bool {
	return slices.ContainsFunc(approved, func(a step.Step) bool {
		return evictionCovered(s, a) || tagCovered(s, a) || restartCovered(s, a) || swapCovered(s, a) || templateLabelCovered(s, a)
	})
}

// tagCovered reports whether a tag was found between where it was and where it was
// to go: its parts are written one after the other. One that is gone is no other
// plan: it holds the run by its name.
func tagCovered(s, a step.Step) bool {
	if s.Kind != step.Tag || a.Kind != step.Tag || a.Subject != s.Subject || a.To != s.To {
		return false
	}
	return s.From == "" || within(s.From, append(strings.Split(a.From, "+"), a.To))
}

// restartCovered reports whether of a workload with sidecars of several revisions those of
// some are moved, or gone, already: its pods are evicted one after the other.
func restartCovered(s, a step.Step) bool {
	if s.Kind != step.Restart && s.Kind != step.EvictPods {
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

// templateLabelCovered reports whether a template is pinned without a restart only because
// the pods whose restart, or eviction, would have pinned it are away for now.
func templateLabelCovered(s, a step.Step) bool {
	return s.Kind == step.LabelTemplate && (a.Kind == step.Restart || a.Kind == step.EvictPods) && a.Wave == s.Wave && a.Subject == s.Subject && a.TemplateLabel == s.TemplateLabel
}

// mayReturn reports whether a step may come back behind the run by itself: on the
// way back of a swap an exchange that was broken off leaves a stand-in, which shows
// only once its ReplicaSet has made it. Those pods are the run's own.
func mayReturn(s step.Step, t step.Target) bool { return s.Kind == step.Swap && t.Rollback }

// evictionCovered reports whether an eviction was agreed to with another step: whoever agreed
// to a workload's restart agreed to the end of those of its pods that serve
// nobody and are in the way. Which these are changes from look to look.
func evictionCovered(s, a step.Step) bool {
	return s.Kind == step.EvictStuckPod && a.Kind == step.Restart && a.Wave == s.Wave && a.Subject == s.Subject && a.To == s.To
}

// swapCovered reports whether what a swap does was agreed to with a swap that
// began elsewhere: which pods it has in hand, and of what, changes from look to look.
func swapCovered(s, a step.Step) bool {
	if s.Kind != step.Swap && s.Kind != step.DeleteParked || a.Kind != step.Swap && a.Kind != s.Kind {
		return false
	}
	return a.Wave == s.Wave && a.Subject == s.Subject && a.To == s.To
}
