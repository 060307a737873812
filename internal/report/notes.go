// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// titles are what groups of notes are called, in the order in which they are shown.
var titles = []struct {
	kind  step.NoteKind
	title string
	tone  format.Tone
}{
	{step.VersionSkew, "Versions far apart", format.Warn},
	{step.Differs, "The control planes differ", format.Warn},
	{step.SeenByOneRevision, "Configuration of one revision", format.Warn},
	{step.FilterNotMatched, "Filters that fall silent", format.Warn},
	{step.StillReferenced, "Keep the old revision", format.Warn},
	{step.CRDsStay, "Comes back", format.Warn},
	{step.MayLoseRequests, "May lose requests", format.Warn},
	{step.NotSwapped, "Not swapped", format.Warn},
	{step.SwapGoesOn, "Rules that come too late", format.Warn},
	{step.RuleMatchesNothing, "Rules that match nothing", format.Warn},
	{step.NotReady, "Not ready as they are", format.Warn},
	{step.NoRoom, "Without room for their move", format.Warn},
	{step.RoomUnknown, "Room that is not known", format.Warn},
	{step.AtMaximum, "At their autoscaler's maximum", format.Plain},
	{step.PinnedProxy, "Moved, but for what they pin", format.Warn},
	{step.Blocker, "Blockers: not moved, and keeping the old control plane in use", format.Warn},
	{step.TrialImpossible, "Moved without a trial", format.Warn},
	{step.TrialFirst, "Tried first", format.Plain},
	{step.NotMoved, "Not moved", format.Warn},
	{step.Exemption, "Exemptions", format.Plain},
	{step.NotInjected, "Without a sidecar today", format.Plain},
	{step.NothingToVerify, "Nothing to prove", format.Plain},
	{step.ByTag, "How they are bound", format.Plain},
	{step.TagStays, "Tags", format.Plain},
	{step.NoEffect, "Labels without effect", format.Warn},
	{step.ForCommit, "For committing", format.Warn},
	{step.NotEvaluated, "Not evaluated", format.Warn},
	{step.MovedBefore, "Begun by other hands", format.Warn},
	{step.MovedByRun, "Moved by another run", format.Warn},
	{step.GatewayStays, "Gateways that stay", format.Plain},
}

// notes lists what to know before agreeing, by kind; a text that several
// subjects share is written once.
func notes(p format.Style, list []step.Note) []string {
	var lines []string
	for _, t := range titles {
		for _, text := range texts(list, t.kind) {
			lines = append(lines, "", p.Paint(t.tone, t.title))
			lines = append(lines, p.Wrap("  ", "Each of these "+text+".")...)
			var rows [][]format.Cell
			for _, n := range list {
				if n.Kind == t.kind && n.Text == text {
					rows = append(rows, format.Row(n.Subject, n.Evidence))
				}
			}
			lines = append(lines, p.Table("    ", rows)...)
			lines = append(lines, clearing(p, list, t.kind, text)...)
		}
	}
	return lines
}

// clearing says what would clear each of these, those with the same words together.
func clearing(p format.Style, list []step.Note, kind step.NoteKind, text string) []string {
	subjects, order := map[string][]string{}, []string{}
	for _, n := range list {
		if n.Kind != kind || n.Text != text || n.Remedy == "" {
			continue
		}
		if len(subjects[n.Remedy]) == 0 {
			order = append(order, n.Remedy)
		}
		subjects[n.Remedy] = append(subjects[n.Remedy], n.Subject)
	}
	var lines []string
	for _, what := range order {
		of := ""
		if len(order) > 1 {
			of = format.List(subjects[what], many) + ": "
		}
		lines = append(lines, p.Wrap("    to clear it: ", of+what)...)
	}
	return lines
}

// texts returns the distinct texts of one kind, in order.
func texts(list []step.Note, kind step.NoteKind) []string {
	var found []string
	seen := map[string]bool{}
	for _, n := range list {
		if n.Kind == kind && !seen[n.Text] {
			seen[n.Text] = true
			found = append(found, n.Text)
		}
	}
	return found
}
