// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// forOtherSystems are packages with files for one operating system alone. They import
// nothing but the standard library, so that it takes seconds to check them for others.
var forOtherSystems = []string{"./internal/install/process"}

// staticChecks runs gofmt and go vet.
func staticChecks(ctx context.Context, out io.Writer) []result {
	all := []result{gofmt(ctx, out)}
	for _, m := range modules {
		all = append(all, vet(ctx, "go vet of "+moduleName(m), m, nil, out, "./..."))
	}
	for _, system := range []string{"darwin", "windows"} {
		all = append(all, vet(ctx, "go vet for "+system, ".", []string{"GOOS=" + system}, out, forOtherSystems...))
	}
	return all
}

// gofmt fails when it would format a file differently.
func gofmt(ctx context.Context, out io.Writer) result {
	r := result{name: "gofmt", verdict: passed}
	began := time.Now()
	found, err := exec.CommandContext(ctx, "gofmt", "-l", ".").CombinedOutput()
	r.took = time.Since(began)
	if files := strings.Fields(string(found)); err != nil || len(files) > 0 {
		r.verdict = failed
		fmt.Fprintf(out, "%sgofmt would format these files differently. Run: make fmt\n", found)
	}
	fmt.Fprintln(out, r.line())
	return r
}

// vet runs go vet on packages of a module, tests included.
func vet(ctx context.Context, name, module string, env []string, out io.Writer, packages ...string) result {
	r := result{name: name, verdict: passed}
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", append([]string{"vet"}, packages...)...)
	cmd.Env = environment(env)
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = module, &output, &output
	err := cmd.Run()
	r.took = time.Since(began)
	if err != nil {
		r.verdict = failed
		fmt.Fprintf(out, "%s%v\n", output.Bytes(), err)
	}
	fmt.Fprintln(out, r.line())
	return r
}
