// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// suite is one call of go test.
type suite struct {
	folder string // of the module
	story  bool   // the stories, or all but the stories
	args   []string
	env    []string
}

// tests runs a suite and tells of it while it runs: of the stories every line,
// of the others one line a package and the whole of what failed.
func tests(ctx context.Context, s suite, out io.Writer) []result {
	packages, err := s.packages(ctx)
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "packages of " + called(s.folder), verdict: failed, story: s.story}}
	}
	if len(packages) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-json"}, s.args, packages)...)
	cmd.Dir, cmd.Env, cmd.Stderr = s.folder, environment(s.env), out
	// A story puts its lab away when it is interrupted; that takes a while.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Minute
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "go test", verdict: failed, story: s.story}}
	}
	l := listener{story: s.story, out: out}
	results := l.hear(events)
	if err := cmd.Wait(); err != nil && count(results, failed) == 0 {
		fmt.Fprintf(out, "go test: %v\n", err)
		results = append(results, result{name: "go test of " + called(s.folder), verdict: failed, story: s.story})
	}
	return results
}

// packages lists the suite's packages: the stories are a suite of their own.
func (s suite) packages(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "./...")
	var said, faults bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.folder, &said, &faults
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w\n%s", called(s.folder), err, faults.String())
	}
	return slices.DeleteFunc(strings.Fields(said.String()), func(p string) bool {
		return strings.Contains(p+"/", "/"+storiesAt+"/") != s.story
	}), nil
}
