// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// tagged is the tag that a step moves, in words.
func tagged(s step.Step) string {
	if s.Subject == mesh.DefaultTag {
		return "the default"
	}
	return "tag " + s.Subject
}

// around are the moves of tags, and the labels that depend on them, before the
// waves on the way back or after them on the way forth.
func (p Proposal) around(style format.Style, s step.Step) []string {
	switch s.Kind {
	case step.Pin:
		return style.Wrap("  pin      ", "Namespace "+s.Subject+": "+s.From+" -> "+s.To+": to what it runs, before its tag is moved under it"+kept(s))
	case step.Tag:
		return style.Wrap("  tag      ", tagged(s)+": "+cmp.Or(s.From, "nobody")+" -> "+s.To+parts(s))
	case step.RestoreLabel:
		return style.Wrap("  label    ", "Namespace "+s.Subject+": "+s.From+" -> "+s.To+": its own label again"+kept(s))
	}
	return nil
}

// parts says what moves with the default.
func parts(s step.Step) string {
	if s.Subject == mesh.DefaultTag {
		return ": injection, validation and their Service together"
	}
	return ""
}

// kept says that somebody else has to write it.
func kept(s step.Step) string {
	if s.By == "" {
		return ""
	}
	return " (to be committed: kept by " + s.By + ")"
}

// pinned says what a restart writes into the template beside its stamp.
func pinned(s step.Step) string {
	switch s.TemplateLabel {
	case "":
		return ""
	case "-":
		return ", its template without the label " + mesh.RevisionLabel
	}
	return ", its template labelled " + mesh.RevisionLabel + "=" + s.TemplateLabel
}
