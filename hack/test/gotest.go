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

// packages is one call of go test: of the packages named, or of all packages of
// a module but the stories.
type packages struct {
	module string
	names  []string
	args   []string
	env    []string
}

// goTest runs go test and prints one line per package, and the output of what failed.
func goTest(ctx context.Context, p packages, out io.Writer) []result {
	names, err := p.names, error(nil)
	if names == nil {
		names, err = listPackages(ctx, p.module)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "packages of " + moduleName(p.module), verdict: failed}}
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-json"}, p.args, names)...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.module, environment(p.env), out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Minute
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "go test", verdict: failed}}
	}
	parser := eventParser{out: out}
	results := parser.parse(events)
	if err := cmd.Wait(); err != nil && count(results, failed) == 0 {
		fmt.Fprintf(out, "go test: %v\n", err)
		results = append(results, result{name: "go test of " + moduleName(p.module), verdict: failed})
	}
	return results
}

// listPackages returns a module's packages but the stories.
func listPackages(ctx context.Context, module string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "./...")
	var output, errors bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = module, &output, &errors
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w\n%s", moduleName(module), err, errors.String())
	}
	return slices.DeleteFunc(strings.Fields(output.String()), func(p string) bool {
		return strings.HasSuffix(p, "/"+storiesFolder)
	}), nil
}

// environment is this process's environment and more.
func environment(more []string) []string { return append(os.Environ(), more...) }
