// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

type verdict string

const (
	passed  verdict = "passed"
	failed  verdict = "failed"
	skipped verdict = "skipped"
)

// result is the outcome of a check, of a test, or of a package that failed before
// its tests ran.
type result struct {
	name    string // TestName, or a check's name
	where   string // the package's short name
	pkg     string // the package's path
	story   bool
	verdict verdict
	why     string // the reason of a skipped test
	took    time.Duration
}

func (r result) line() string {
	return fmt.Sprintf("%-7s %8s  %s", r.verdict, short(r.took), r.title())
}

func (r result) title() string {
	if r.where == "" || r.story {
		return r.name
	}
	return r.where + " " + r.name
}

// short formats a duration for people.
func short(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func count(all []result, v verdict) (n int) {
	for _, r := range all {
		if r.verdict == v {
			n++
		}
	}
	return n
}

// storiesOf returns the results of stories.
func storiesOf(all []result) (stories []result) {
	for _, r := range all {
		if r.story {
			stories = append(stories, r)
		}
	}
	return stories
}
