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

// formatted asks gofmt for files that it would write otherwise.
func formatted(ctx context.Context, out io.Writer) result {
	r := result{name: "gofmt", verdict: passed}
	began := time.Now()
	found, err := exec.CommandContext(ctx, "gofmt", "-l", ".").CombinedOutput()
	r.took = time.Since(began)
	if files := strings.Fields(string(found)); err != nil || len(files) > 0 {
		r.verdict = failed
		fmt.Fprintf(out, "%sgofmt would write these otherwise; make fmt does\n", found)
	}
	fmt.Fprintln(out, r.line())
	return r
}

// vetted has go vet read a module, its tests included.
func vetted(ctx context.Context, module string, out io.Writer) result {
	r := result{name: "go vet of " + called(module), verdict: passed}
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "vet", "./...")
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = module, &said, &said
	err := cmd.Run()
	r.took = time.Since(began)
	if err != nil {
		r.verdict = failed
		fmt.Fprintf(out, "%s%v\n", said.Bytes(), err)
	}
	fmt.Fprintln(out, r.line())
	return r
}
