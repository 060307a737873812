// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Digest names a set of changes for approval: twelve hexadecimal digits.
func Digest(steps []step.Step) string {
	// A slice of structs of strings and numbers always encodes.
	b, _ := json.Marshal(steps)
	return fmt.Sprintf("%x", sha256.Sum256(b))[:12]
}

// Drift returns the changes that are left and were not approved: new ones, ones with
// another start, and ones that the run had completed and that are left again. Steps
// that vanished were done by another tool or person, and are no drift.
func Drift(left []step.Stage, t step.Target, l step.Ledger) []step.Step {
	approved := make(map[step.Subject][]step.Step, len(l.Approved))
	for _, s := range l.Approved {
		approved[s.Subject] = append(approved[s.Subject], s)
	}
	var drift []step.Step
	for _, s := range step.Changing(left) {
		d := byKind[s.Kind]
		if d.Unapproved {
			continue
		}
		completed := RankOf(t, s.Wave, s.Kind) < l.Reached && !(d.MayReturn && t.Rollback)
		if !isApproved(d, s, approved[s.Subject]) || completed {
			drift = append(drift, s)
		}
	}
	return drift
}

// isApproved reports whether a step is one of the approved steps of its subject, or is
// covered by one: its start is one that an interrupted step leaves.
func isApproved(d Definition, s step.Step, approved []step.Step) bool {
	return slices.ContainsFunc(approved, func(a step.Step) bool { return a == s || d.Covers != nil && d.Covers(a, s) })
}

// sameTarget reports whether two steps move the same subject, in the same wave, to the
// same revision.
func sameTarget(a, b step.Step) bool {
	return a.Wave == b.Wave && a.Subject == b.Subject && a.To == b.To
}

// installCovered: version 0.1 did not record what it installs from.
func installCovered(approved, now step.Step) bool {
	if approved.Input != "" {
		return false
	}
	approved.Input = now.Input
	return approved == now
}

// tagCovered: the parts of a tag are written one after the other, so that it may be
// found between its start and its end. A tag that is gone holds the run by its name.
func tagCovered(approved, now step.Step) bool {
	return approved.Kind == step.Tag && sameTarget(approved, now) &&
		(now.From == "" || within(now.From, append(mesh.SplitRevisions(approved.From), approved.To)))
}

// restartCovered: of a workload with sidecars of several revisions some may have been
// moved, or deleted, already.
func restartCovered(approved, now step.Step) bool {
	from := mesh.SplitRevisions(approved.From)
	approved.From = now.From
	return now == approved && within(now.From, from)
}

// within reports whether each part of a start is one of those that were approved.
func within(from string, approved []string) bool {
	for _, part := range mesh.SplitRevisions(from) {
		if !slices.Contains(approved, part) {
			return false
		}
	}
	return true
}

// templateLabelCovered: a template is labelled without a restart because the pods whose
// restart or eviction would have labelled it do not exist at the moment.
func templateLabelCovered(approved, now step.Step) bool {
	return (approved.Kind == step.Restart || approved.Kind == step.EvictPods) && approved.Wave == now.Wave &&
		approved.Subject == now.Subject && approved.TemplateLabel == now.TemplateLabel
}

// evictionCovered: the approval of a workload's restart includes the eviction of those
// of its pods that are not ready and block it. Which pods these are changes.
func evictionCovered(approved, now step.Step) bool {
	return approved.Kind == step.Restart && sameTarget(approved, now)
}

// swapCovered: the approval of a swap includes what it leaves to delete, and a start
// that changes while pods are replaced; not another template than the one that is rendered.
func swapCovered(approved, now step.Step) bool {
	if now.Kind == step.Swap && approved.Kind == step.Swap && approved.Input != now.Input {
		return false
	}
	return (approved.Kind == step.Swap || approved.Kind == now.Kind) && sameTarget(approved, now)
}
