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

// eventParser turns the events of one go test into results. Of stories it prints
// every line, of other tests the output of what failed.
type eventParser struct {
	stories bool
	out     io.Writer
	running map[testKey]string // the output of tests that have not ended
	results []result
}

// testKey names a test, or without a test its package.
type testKey struct{ pkg, test string }

func (p *eventParser) parse(events io.Reader) []result {
	p.running = map[testKey]string{}
	for lines := bufio.NewReader(events); ; {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(p.out, "%s", line)
		default:
			p.add(e)
		}
		if err != nil {
			return p.results
		}
	}
}

func (p *eventParser) add(e event) {
	k := testKey{pkg: e.Package, test: e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(p.out, e.Output)
	case "start", "run":
		p.running[k] = ""
		if p.stories && k.test != "" && !strings.Contains(k.test, "/") {
			fmt.Fprintf(p.out, "running           %s (%s)\n", k.test, time.Now().Format(time.TimeOnly))
		}
	case "output":
		p.running[k] += e.Output
		if p.stories && !strings.HasPrefix(e.Output, "=== ") {
			fmt.Fprint(p.out, e.Output)
		}
	case "pass", "fail", "skip":
		p.end(k, result{name: k.test, where: path.Base(k.pkg), story: p.stories, verdict: verdicts[e.Action],
			took: time.Duration(e.Elapsed * float64(time.Second))})
	}
}

var verdicts = map[string]verdict{"pass": passed, "fail": failed, "skip": skipped}

// end adds the result of a test, or of a package, that has ended.
func (p *eventParser) end(k testKey, r result) {
	output := p.running[k]
	delete(p.running, k)
	if k.test == "" {
		p.endPackage(k.pkg, r, output)
		return
	}
	switch r.verdict {
	case skipped:
		r.why = skipReason(output)
	case failed:
		p.print(output)
	}
	// A subtest counts with its test, unless it was skipped.
	if !strings.Contains(k.test, "/") || r.verdict == skipped {
		r.pkg = k.pkg
		p.results = append(p.results, r)
	}
}

// endPackage adds tests that a crash or a timeout left without an end, and a
// package that failed without a failed test.
func (p *eventParser) endPackage(pkg string, r result, output string) {
	r.pkg = pkg
	for k, last := range p.running {
		if k.pkg != pkg || strings.Contains(k.test, "/") {
			continue
		}
		delete(p.running, k)
		p.print(last)
		p.results = append(p.results, result{name: k.test, where: r.where, pkg: pkg, story: p.stories, verdict: failed, took: r.took})
	}
	n, bad := 0, 0
	for _, t := range p.results {
		if t.pkg == pkg {
			n++
			bad += count([]result{t}, failed)
		}
	}
	if r.verdict == failed && bad == 0 {
		p.print(output)
		r.name = "(the package itself)"
		p.results = append(p.results, r)
	}
	if !p.stories && (r.verdict == failed || n > 0) {
		fmt.Fprintf(p.out, "%-7s %8s  %s, %s\n", r.verdict, short(r.took), pkg, testCount(n))
	}
}

// print prints the output of a failed test, unless it was printed as it came.
func (p *eventParser) print(output string) {
	if !p.stories {
		fmt.Fprint(p.out, output)
	}
}

func testCount(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

// skipReason returns the reason in a skipped test's output: the last line that
// names a place in the code, such as "    up_test.go:12: no root".
func skipReason(output string) string {
	why := "no reason given"
	for line := range strings.Lines(output) {
		if place, rest, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.Contains(place, ".go:") {
			why = rest
		}
	}
	return why
}
