// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// tagged is the tag that a step moves, in words.
func tagged(s plan.Step) string {
	if s.Subject == mesh.DefaultTag {
		return "the default"
	}
	return "tag " + s.Subject
}

// around are the moves of tags, and the labels that depend on them, before the
// waves on the way back or after them on the way forth.
func (p Proposal) around(paper Paper, s plan.Step) []string {
	switch s.Kind {
	case plan.Pin:
		return paper.wrapped("  pin      ", "Namespace "+s.Subject+": "+s.From+" -> "+s.To+": to what it runs, before its tag is moved under it"+kept(s))
	case plan.Tag:
		return paper.wrapped("  tag      ", tagged(s)+": "+or(s.From, "nobody")+" -> "+s.To+parts(s))
	case plan.Unpin:
		return paper.wrapped("  label    ", "Namespace "+s.Subject+": "+s.From+" -> "+s.To+": its own label again"+kept(s))
	}
	return nil
}

// parts says what moves with the default.
func parts(s plan.Step) string {
	if s.Subject == mesh.DefaultTag {
		return ": injection, validation and their Service together"
	}
	return ""
}

// kept says that somebody else has to write it.
func kept(s plan.Step) string {
	if s.By == "" {
		return ""
	}
	return " (to be committed: kept by " + s.By + ")"
}

// pinned says what a restart writes into the template beside its stamp.
func pinned(s plan.Step) string {
	switch s.Pin {
	case "":
		return ""
	case "-":
		return ", its template without the label " + mesh.RevisionLabel
	}
	return ", its template labelled " + mesh.RevisionLabel + "=" + s.Pin
}
