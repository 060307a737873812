// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
)

// titles are what groups of notes are called, in the order in which they are shown.
var titles = []struct {
	kind  plan.NoteKind
	title string
	tone  format.Tone
}{
	{plan.FarApart, "Versions far apart", format.Warn},
	{plan.Differs, "The control planes differ", format.Warn},
	{plan.SeenByFew, "Configuration of one revision", format.Warn},
	{plan.FilterOff, "Filters that fall silent", format.Warn},
	{plan.HoldsOn, "Keep the old revision", format.Warn},
	{plan.DefinitionsStay, "Comes back", format.Warn},
	{plan.MayLoseRequests, "May lose requests", format.Warn},
	{plan.NotSwapped, "Not swapped", format.Warn},
	{plan.SwapGoesOn, "Rules that come too late", format.Warn},
	{plan.IdleRule, "Rules that match nothing", format.Warn},
	{plan.NotReady, "Not ready as they are", format.Warn},
	{plan.NoRoom, "Without room for their move", format.Warn},
	{plan.RoomUnknown, "Room that is not known", format.Warn},
	{plan.AtMaximum, "At their autoscaler's maximum", format.Plain},
	{plan.PinnedProxy, "Moved, but for what they pin", format.Warn},
	{plan.Blocker, "Blockers: not moved, and keeping the old control plane in use", format.Warn},
	{plan.NotTried, "Moved without a trial", format.Warn},
	{plan.TriedFirst, "Tried first", format.Plain},
	{plan.NotMoved, "Not moved", format.Warn},
	{plan.Exemption, "Exemptions", format.Plain},
	{plan.NotInjected, "Without a sidecar today", format.Plain},
	{plan.NothingToProve, "Nothing to prove", format.Plain},
	{plan.ByTag, "How they are bound", format.Plain},
	{plan.TagStays, "Tags", format.Plain},
	{plan.NoEffect, "Labels without effect", format.Warn},
	{plan.ForCommit, "For committing", format.Warn},
	{plan.NotEvaluated, "Not evaluated", format.Warn},
	{plan.ByHand, "Begun by other hands", format.Warn},
	{plan.ByRun, "Moved by another run", format.Warn},
	{plan.GatewayStays, "Gateways that stay", format.Plain},
}

// notes lists what to know before agreeing, by kind; a text that several
// subjects share is written once.
func notes(p format.Style, list []plan.Note) []string {
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
func clearing(p format.Style, list []plan.Note, kind plan.NoteKind, text string) []string {
	subjects, order := map[string][]string{}, []string{}
	for _, n := range list {
		if n.Kind != kind || n.Text != text || n.Clears == "" {
			continue
		}
		if len(subjects[n.Clears]) == 0 {
			order = append(order, n.Clears)
		}
		subjects[n.Clears] = append(subjects[n.Clears], n.Subject)
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
func texts(list []plan.Note, kind plan.NoteKind) []string {
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
