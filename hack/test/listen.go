// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64 // seconds
	Output  string
}

// listener turns the events of one go test into results.
type listener struct {
	story   bool
	out     io.Writer
	running map[key]string // what each test has said that has begun and not ended
	results []result
}

// key is a test, or with no test the package itself.
type key struct{ pkg, test string }

func (l *listener) hear(events io.Reader) []result {
	l.running = map[key]string{}
	for lines := bufio.NewReader(events); ; {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(l.out, "%s", line)
		default:
			l.take(e)
		}
		if err != nil {
			return l.results
		}
	}
}

func (l *listener) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(l.out, e.Output)
	case "start", "run":
		l.running[k] = ""
		if l.story && k.test != "" && !strings.Contains(k.test, "/") {
			fmt.Fprintf(l.out, "begins            %s (%s)\n", k.test, time.Now().Format(time.TimeOnly))
		}
	case "output":
		l.running[k] += e.Output
		if l.story && !strings.HasPrefix(e.Output, "=== ") {
			fmt.Fprint(l.out, e.Output)
		}
	case "pass", "fail", "skip":
		l.end(k, result{name: k.test, where: path.Base(k.pkg), story: l.story, verdict: verdicts[e.Action],
			took: time.Duration(e.Elapsed * float64(time.Second))})
	}
}

var verdicts = map[string]verdict{"pass": passed, "fail": failed, "skip": skipped}

// end takes note of a test, or of a package, that has ended.
func (l *listener) end(k key, r result) {
	said := l.running[k]
	delete(l.running, k)
	if k.test == "" {
		l.endPackage(k.pkg, r, said)
		return
	}
	switch r.verdict {
	case skipped:
		r.why = reason(said)
	case failed:
		l.show(said)
	}
	// A subtest counts with its test, but for one that was skipped.
	if !strings.Contains(k.test, "/") || r.verdict == skipped {
		r.pkg = k.pkg
		l.results = append(l.results, r)
	}
}

// endPackage adds what a test could not say itself: that a crash or a timeout
// left it without an end, and that the package failed with no test to blame.
func (l *listener) endPackage(pkg string, r result, said string) {
	r.pkg = pkg
	for k, last := range l.running {
		if k.pkg != pkg || strings.Contains(k.test, "/") {
			continue
		}
		delete(l.running, k)
		l.show(last)
		l.results = append(l.results, result{name: k.test, where: r.where, pkg: pkg, story: l.story, verdict: failed, took: r.took})
	}
	n, bad := 0, 0
	for _, t := range l.results {
		if t.pkg == pkg {
			n++
			bad += count([]result{t}, failed)
		}
	}
	if r.verdict == failed && bad == 0 {
		l.show(said)
		r.name = "(the package itself)"
		l.results = append(l.results, r)
	}
	if r.verdict == failed || n > 0 {
		fmt.Fprintf(l.out, "%-7s %8s  %s, %s\n", r.verdict, short(r.took), pkg, tally(n))
	}
}

// show prints what a failed test said, unless it was shown as it came.
func (l *listener) show(said string) {
	if !l.story {
		fmt.Fprint(l.out, said)
	}
}

func tally(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

// reason takes out of a skipped test's output what it gave as its reason: the
// last line that names a place in the code, such as "    up_test.go:12: no root".
func reason(said string) string {
	why := "no reason given"
	for line := range strings.Lines(said) {
		if place, rest, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.Contains(place, ".go:") {
			why = rest
		}
	}
	return why
}
