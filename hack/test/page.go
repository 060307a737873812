// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

// page is the last that is printed: each story's time, what failed, what was
// left out and why, and in the very last line the counts.
func page(all []result, o order, took time.Duration) string {
	var b strings.Builder
	b.WriteString("\n")
	section(&b, "Stories on the lab ("+size(o)+")", all, func(r result) string {
		if !r.story {
			return ""
		}
		return r.line()
	})
	section(&b, "Failed", all, func(r result) string {
		if r.verdict != failed {
			return ""
		}
		return r.title()
	})
	section(&b, "Skipped", all, func(r result) string {
		if r.verdict != skipped {
			return ""
		}
		return r.title() + ": " + r.why
	})
	for _, line := range leftOut(all, o) {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, "Took %s.\n", took.Round(time.Second))
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped\n", count(all, passed), count(all, failed), count(all, skipped))
	return b.String()
}

// section lists the results that row has something to say of.
func section(b *strings.Builder, heading string, all []result, row func(result) string) {
	shown := false
	for _, r := range all {
		line := row(r)
		if line == "" {
			continue
		}
		if !shown {
			shown = true
			b.WriteString(heading + ":\n")
		}
		b.WriteString("  " + line + "\n")
	}
}

// leftOut says what this machine, or the order, kept from being run at all.
func leftOut(all []result, o order) (lines []string) {
	stories := told(all)
	switch o.size {
	case labsize.None:
		lines = append(lines, "Left out: every story on the lab, which needs Linux.")
	case labsize.Hollow:
		lines = append(lines, "Left out: the stories with traffic, which need the real lab: Linux and root.")
	}
	if o.size != labsize.None && len(stories) == 0 {
		lines = append(lines, "No story was run.")
	}
	if len(stories) > 0 && !o.long {
		lines = append(lines, "Left out: what some stories do more often in make test-long.")
	}
	if o.stories != "" {
		lines = append(lines, "Left out: everything but the stories that match "+o.stories+".")
	}
	if o.strict && len(slighted(all, o)) > 0 {
		lines = append(lines, "CI: every story of the lab has to run, and "+strings.Join(slighted(all, o), ", ")+" did not. That fails this run.")
	}
	return lines
}

// good says whether the whole run is. In CI a story that was not run fails it.
func good(all []result, o order) bool {
	return count(all, failed) == 0 && (!o.strict || len(slighted(all, o)) == 0)
}

// slighted names the stories that should have been run and were not.
func slighted(all []result, o order) (names []string) {
	stories := told(all)
	if len(stories) == 0 {
		return []string{"any"}
	}
	for _, r := range stories {
		if r.verdict == skipped {
			names = append(names, r.name)
		}
	}
	return names
}

func told(all []result) (stories []result) {
	for _, r := range all {
		if r.story {
			stories = append(stories, r)
		}
	}
	return stories
}

func size(o order) string {
	if o.size == labsize.None {
		return "none"
	}
	return o.size
}
