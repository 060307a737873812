// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

// summary lists each story's duration, what failed, what was skipped and why, and
// what was left out. Its last line has the counts.
func summary(r report, o options, took time.Duration) string {
	var b strings.Builder
	b.WriteString("\n")
	section(&b, "Stories on the lab ("+sizeName(o)+")", r.results, func(r result) string {
		if !r.story {
			return ""
		}
		return r.line()
	})
	section(&b, "Failed", r.results, func(r result) string {
		if r.verdict != failed {
			return ""
		}
		return r.title()
	})
	section(&b, "Skipped", r.results, func(r result) string {
		if r.verdict != skipped {
			return ""
		}
		return r.title() + ": " + r.why
	})
	for _, line := range leftOut(r, o) {
		b.WriteString(line + "\n")
	}
	for _, p := range r.phases {
		fmt.Fprintf(&b, "%8s  %s\n", short(p.took), p.name)
	}
	fmt.Fprintf(&b, "Took %s.\n", took.Round(time.Second))
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped\n", count(r.results, passed), count(r.results, failed), count(r.results, skipped))
	return b.String()
}

// section lists the results for which row returns a line.
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

// leftOut lists what this machine, or the options, left out.
func leftOut(r report, o options) (lines []string) {
	switch o.size {
	case labsize.None:
		lines = append(lines, "Left out: all stories on the lab. They need Linux.")
	case labsize.Hollow:
		lines = append(lines, "Left out: the stories under load. They need the real lab: Linux and root.")
	}
	if o.size != labsize.None && len(storiesOf(r.results)) == 0 {
		lines = append(lines, "No story was run.")
	}
	if len(r.left) > 0 {
		lines = append(lines, "Left out: "+strings.Join(r.left, ", ")+". make test-all runs them.")
	}
	if o.stories != "" {
		lines = append(lines, "Left out: everything but the stories that match "+o.stories+".")
	}
	if names := notRun(r.results); o.strict && len(names) > 0 {
		lines = append(lines, "CI=true requires every story of the lab. Not run: "+strings.Join(names, ", ")+". This run fails.")
	}
	return lines
}

// succeeded reports whether the run is good. With CI=true a story that was not run
// fails it.
func succeeded(r report, o options) bool {
	return count(r.results, failed) == 0 && (!o.strict || len(notRun(r.results)) == 0)
}

// notRun returns the stories that should have run and did not.
func notRun(all []result) (names []string) {
	stories := storiesOf(all)
	if len(stories) == 0 {
		return []string{"all stories"}
	}
	for _, r := range stories {
		if r.verdict == skipped {
			names = append(names, r.name)
		}
	}
	return names
}

func sizeName(o options) string {
	if o.size == labsize.None {
		return "none"
	}
	return o.size
}
