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

// result is what became of a check, of a test, or of a package that did not
// come as far as its tests.
type result struct {
	name    string // TestThat; of the checks their own
	where   string // the package's short name
	pkg     string // its path
	story   bool
	verdict verdict
	why     string // of a skipped one
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

// short writes a duration as a person reads it.
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
