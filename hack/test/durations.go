// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// writeDurations writes the durations of a run into a file.
func writeDurations(path string, r report, o options, began time.Time, took time.Duration) error {
	if err := os.WriteFile(path, []byte(durations(r, o, began, took)), 0o644); err != nil {
		return fmt.Errorf("write the durations: %w", err)
	}
	return nil
}

// durationsPage has the durations by which stories are ordered.
const durationsPage = "docs/contributing/test-durations.md"

// readDurations returns the durations of stories in the tables of a page: "1m3s", or
// a number of seconds.
func readDurations(page string) map[string]time.Duration {
	found := map[string]time.Duration{}
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name, last := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[len(cells)-1])
		if _, err := strconv.Atoi(last); err == nil {
			last += "s"
		}
		if took, err := time.ParseDuration(last); err == nil && strings.HasPrefix(name, "Test") {
			found[name] = took
		}
	}
	return found
}

// durations returns a page with the durations of phases and stories.
func durations(r report, o options, began time.Time, took time.Duration) string {
	var b strings.Builder
	stories := storiesOf(r.results)
	fmt.Fprintf(&b, "# Durations of the last run\n\n%s, the %s lab, %d cores, %s in all: %d stories passed, %d failed, %d skipped.\n",
		began.UTC().Format("2 January 2006"), sizeName(o), runtime.NumCPU(), took.Round(time.Second),
		count(stories, passed), count(stories, failed), count(stories, skipped))
	b.WriteString("\n| phase | took |\n| --- | --- |\n")
	for _, p := range r.phases {
		fmt.Fprintf(&b, "| %s | %s |\n", p.name, short(p.took))
	}
	b.WriteString("\n| story | | took |\n| --- | --- | --- |\n")
	for _, s := range stories {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.name, s.verdict, short(s.took))
	}
	return b.String()
}
