// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// noteSections are the headings of notes, in the order in which they are shown.
var noteSections = []struct {
	kind    step.NoteKind
	heading string
	tone    format.Tone
}{
	{kind: step.OtherMesh, heading: "Other meshes in this cluster"},
	{kind: step.VersionSkew, heading: "Version skew", tone: format.Warn},
	{kind: step.InstallerUnused, heading: "Revision that exists: nothing is installed", tone: format.Warn},
	{kind: step.LeadsElsewhere, heading: "Objects to install that lead to another revision", tone: format.Warn},
	{kind: step.LostSetting, heading: "Settings that the new control plane loses: approved with the plan", tone: format.Warn},
	{kind: step.Differs, heading: "Control planes with different settings", tone: format.Warn},
	{kind: step.SeenByOneRevision, heading: "Configuration that only one revision reads", tone: format.Warn},
	{kind: step.TemplateMissing, heading: "Injection templates that the new revision lacks", tone: format.Warn},
	{kind: step.FilterNotMatched, heading: "EnvoyFilters without effect on the new version", tone: format.Warn},
	{kind: step.StillReferenced, heading: "Old revision still in use", tone: format.Warn},
	{kind: step.CRDsStay, heading: "Created again after removal", tone: format.Warn},
	{kind: step.MayLoseRequests, heading: "May lose requests", tone: format.Warn},
	{kind: step.GatewayHazard, heading: "Hazards of moving gateways", tone: format.Warn},
	{kind: step.NotSwapped, heading: "Not swapped", tone: format.Warn},
	{kind: step.SwapContinues, heading: "Rules without effect on a started swap", tone: format.Warn},
	{kind: step.RuleMatchesNothing, heading: "Rules that match no workload", tone: format.Warn},
	{kind: step.NotReady, heading: "Not ready before the run", tone: format.Warn},
	{kind: step.NoCapacity, heading: "Not enough capacity for additional pods", tone: format.Warn},
	{kind: step.CapacityUnknown, heading: "Capacity for additional pods unknown", tone: format.Warn},
	{kind: step.AtMaximum, heading: "At the maximum of the autoscaler"},
	{kind: step.PinnedProxy, heading: "Proxy settings that stay", tone: format.Warn},
	{kind: step.Blocker, heading: "Blockers: not moved, the old control plane stays in use", tone: format.Warn},
	{kind: step.TrialImpossible, heading: "Moved without a trial", tone: format.Warn},
	{kind: step.TrialFirst, heading: "Trials"},
	{kind: step.NotMoved, heading: "Not moved", tone: format.Warn},
	{kind: step.Exemption, heading: "Exemptions"},
	{kind: step.NotInjected, heading: "Without a sidecar today"},
	{kind: step.NothingToVerify, heading: "Nothing to verify"},
	{kind: step.ByTag, heading: "Bound by a tag or the default revision"},
	{kind: step.TagStays, heading: "Tags that stay"},
	{kind: step.NoEffect, heading: "Labels without effect", tone: format.Warn},
	{kind: step.ForCommit, heading: "To be committed", tone: format.Warn},
	{kind: step.ByHelm, heading: "Written by an upgrade of their Helm release"},
	{kind: step.SetByTool, heading: "Labels that another tool may restore", tone: format.Warn},
	{kind: step.NotEvaluated, heading: "Not evaluated", tone: format.Warn},
	{kind: step.MovedBefore, heading: "Moved before this run", tone: format.Warn},
	{kind: step.MovedByRun, heading: "Moved by another run", tone: format.Warn},
	{kind: step.GatewayContested, heading: "Gateways claimed by two revisions", tone: format.Warn},
	{kind: step.GatewayStays, heading: "Gateways that stay"},
}

// notes has one section per heading. In it, subjects with the same text share it.
func (v planView) notes() []string {
	byKind := map[step.NoteKind][]step.Note{}
	for _, n := range v.Plan.Notes {
		byKind[n.Kind] = append(byKind[n.Kind], n)
	}
	var lines []string
	for _, s := range noteSections {
		notes := byKind[s.kind]
		if len(notes) == 0 {
			continue
		}
		lines = append(lines, "", v.style.Paint(s.tone, fmt.Sprintf("%s (%d)", s.heading, len(notes))))
		lines = append(lines, paragraphs(v.style, notes, "object", eachOfThese)...)
	}
	return lines
}

// eachOfThese begins a paragraph about several objects.
func eachOfThese(text string) string { return "Each of these " + text + "." }

// paragraphs has a paragraph per text, at most a screenful of lines.
func paragraphs(style format.Style, notes []step.Note, noun string, sentence func(text string) string) []string {
	var lines []string
	left := len(notes)
	for _, group := range grouped(notes, func(n step.Note) string { return n.Text }) {
		linesLeft := screenful - len(lines)
		if linesLeft < minParagraph && !style.Details {
			break
		}
		lines = append(lines, style.Wrap("  ", sentence(group[0].Text))...)
		shown, names := noteSubjects(style, group, linesLeft)
		lines = append(append(lines, names...), remedies(style, group)...)
		left -= shown
	}
	return folded(lines, left, style, noun)
}

const (
	minParagraph = 4  // lines left of a screenful in which another paragraph begins
	maxRows      = 12 // objects of a paragraph that are listed one per line, with their evidence
	maxNameLines = 20 // of a paragraph with more objects
	maxRemedies  = 5  // of a paragraph
)

// noteSubjects lists the objects of a paragraph in at most maxLines lines, and returns
// how many it lists: one per line with its evidence, or many in a line.
func noteSubjects(style format.Style, notes []step.Note, maxLines int) (int, []string) {
	if len(notes) <= maxRows || style.Details {
		rows := make([][]format.Cell, 0, len(notes))
		for _, n := range notes {
			rows = append(rows, format.Row(n.Subject, n.Evidence))
		}
		return len(notes), style.Table("    ", rows)
	}
	return style.Pack("    ", subjectsOf(notes), min(maxLines, maxNameLines))
}

// remedies tells what to do about the objects of a paragraph, those with the same
// remedy together.
func remedies(style format.Style, notes []step.Note) []string {
	groups := grouped(notes, func(n step.Note) string { return n.Remedy })
	var lines []string
	shown := 0
	for _, group := range groups {
		if group[0].Remedy == "" {
			continue
		}
		if shown++; shown > maxRemedies && !style.Details {
			continue
		}
		of := ""
		if len(groups) > 1 {
			of = named(style, subjectsOf(group)) + ": "
		}
		lines = append(lines, style.Wrap("    what to do: ", of+group[0].Remedy)...)
	}
	if more := shown - maxRemedies; more > 0 && !style.Details {
		lines = append(lines, style.Paint(format.Dim, fmt.Sprintf("    … and %d more: --details, or -o json", more)))
	}
	return lines
}

func subjectsOf(notes []step.Note) []string {
	names := make([]string, 0, len(notes))
	for _, n := range notes {
		names = append(names, n.Subject)
	}
	return names
}

// grouped divides a list by key, in the order in which the keys come.
func grouped[T any](list []T, key func(T) string) [][]T {
	at := map[string]int{}
	var groups [][]T
	for _, x := range list {
		i, known := at[key(x)]
		if !known {
			i = len(groups)
			at[key(x)], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], x)
	}
	return groups
}
