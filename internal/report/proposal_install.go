// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

const installIndent = "           "

// installation lists what an install does, and with which program and values.
func (v planView) installation(s step.Step) []string {
	i := v.Installer
	switch {
	case s.From != "":
		return v.style.Wrap("  install  ", revision(s)+" again, from "+s.From)
	case i == nil:
		return []string{"  install  " + revision(s)}
	}
	lines := append(v.style.Wrap("  install  ", revision(s)+" from "+i.From), v.style.Wrap(installIndent, "by "+i.By)...)
	if i.Await {
		lines = v.style.Wrap("  wait for ", revision(s)+", installed by "+i.By)
	}
	add := func(heading, text string) { lines = append(lines, v.style.Wrap(installIndent+heading+": ", text)...) }
	for _, r := range groupedRemarks(i.LeftOut) {
		add("left out", r)
	}
	for _, r := range groupedRemarks(i.Created) {
		add("also creates", r)
	}
	for _, r := range groupedRemarks(i.InPlace) {
		add("replaced in place", r)
	}
	if i.InheritedFrom != "" {
		add("inherited from "+i.InheritedFrom, inheritedValues(i.Inherited))
	}
	for _, n := range i.Notes {
		add("note", n)
	}
	return lines
}

func inheritedValues(values []string) string {
	if len(values) == 0 {
		return "nothing, all values are the chart's defaults"
	}
	return strings.Join(values, ", ")
}

// groupedRemarks returns one sentence for all remarks with the same kind of object
// and the same reason.
func groupedRemarks(remarks []Remark) []string {
	type group struct{ kind, reason string }
	var order []group
	names := map[group][]string{}
	for _, r := range remarks {
		kind, name, _ := strings.Cut(r.Subject, " ")
		g := group{kind: kind, reason: r.Reason}
		if len(names[g]) == 0 {
			order = append(order, g)
		}
		names[g] = append(names[g], name)
	}
	var sentences []string
	for _, g := range order {
		text := g.kind + " " + format.List(names[g], shownNames)
		if n := len(names[g]); n > 1 {
			text = format.Count(n, g.kind) + " " + format.List(names[g], shownNames)
		}
		if g.reason != "" {
			text += ": " + g.reason
		}
		sentences = append(sentences, text)
	}
	return sentences
}
