// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/rerig/rerig/internal/plan"

// titles are what groups of notes are called, in the order in which they are shown.
var titles = []struct {
	kind  plan.NoteKind
	title string
	tone  tone
}{
	{plan.FarApart, "Versions far apart", warn},
	{plan.Differs, "The control planes differ", warn},
	{plan.SeenByFew, "Configuration of one revision", warn},
	{plan.FilterOff, "Filters that fall silent", warn},
	{plan.HoldsOn, "Keep the old revision", warn},
	{plan.DefinitionsStay, "Comes back", warn},
	{plan.MayLoseRequests, "May lose requests", warn},
	{plan.NotSwapped, "Not swapped", warn},
	{plan.SwapGoesOn, "Rules that come too late", warn},
	{plan.IdleRule, "Rules that match nothing", warn},
	{plan.NotReady, "Not ready as they are", warn},
	{plan.NoRoom, "Without room for their move", warn},
	{plan.RoomUnknown, "Room that is not known", warn},
	{plan.AtMaximum, "At their autoscaler's maximum", plain},
	{plan.PinnedProxy, "Moved, but for what they pin", warn},
	{plan.Blocker, "Blockers: not moved, and keeping the old control plane in use", warn},
	{plan.NotTried, "Moved without a trial", warn},
	{plan.TriedFirst, "Tried first", plain},
	{plan.NotMoved, "Not moved", warn},
	{plan.Exemption, "Exemptions", plain},
	{plan.NotInjected, "Without a sidecar today", plain},
	{plan.NothingToProve, "Nothing to prove", plain},
	{plan.ByTag, "How they are bound", plain},
	{plan.TagStays, "Tags", plain},
	{plan.NoEffect, "Labels without effect", warn},
	{plan.ForCommit, "For committing", warn},
	{plan.NotEvaluated, "Not evaluated", warn},
	{plan.ByHand, "Begun by other hands", warn},
	{plan.ByRun, "Moved by another run", warn},
	{plan.GatewayStays, "Gateways that stay", plain},
}

// notes lists what to know before agreeing, by kind; a text that several
// subjects share is written once.
func notes(p Paper, list []plan.Note) []string {
	var lines []string
	for _, t := range titles {
		for _, text := range texts(list, t.kind) {
			lines = append(lines, "", p.paint(t.tone, t.title))
			lines = append(lines, p.wrapped("  ", "Each of these "+text+".")...)
			var rows [][]cell
			for _, n := range list {
				if n.Kind == t.kind && n.Text == text {
					rows = append(rows, row(n.Subject, n.Evidence))
				}
			}
			lines = append(lines, p.table("    ", rows)...)
			lines = append(lines, clearing(p, list, t.kind, text)...)
		}
	}
	return lines
}

// clearing says what would clear each of these, those with the same words together.
func clearing(p Paper, list []plan.Note, kind plan.NoteKind, text string) []string {
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
			of = some(subjects[what], many) + ": "
		}
		lines = append(lines, p.wrapped("    to clear it: ", of+what)...)
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
