// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rerig/rerig/hack/ground"
)

// order is what is to be run.
type order struct {
	size    string        // of the lab that the stories run on, "" where there is none
	long    bool          // the stories' repetitions
	stories string        // a pattern: only these stories
	timeout time.Duration // of the stories together
	strict  bool          // a skipped story is a failure
}

// modules are the folders of this repository's own Go modules. Those below
// lab/modules only name what the lab builds, and have no code to test.
var modules = []string{".", "lab", "lab/shop"}

// storiesAt is where the stories on the lab are; they run last, and one by one.
const storiesAt = "test/stories"

func run(ctx context.Context, o order, out io.Writer) []result {
	var all []result
	if !o.long && o.stories == "" {
		title(out, "form")
		all = append(all, formatted(ctx, out))
		for _, m := range modules {
			all = append(all, vetted(ctx, m, out))
		}
		for _, m := range modules {
			title(out, "tests of "+called(m))
			all = append(all, tests(ctx, suite{folder: m, args: []string{"-timeout=10m"}}, out)...)
		}
	}
	if o.size == ground.None {
		return all
	}
	title(out, "stories on the lab, "+o.size)
	return append(all, tests(ctx, tale(o), out)...)
}

// tale is the suite of the stories. They are told by the environment which lab to use and where the programs
// are; a plain go test, which does not say so, skips them.
func tale(o order) suite {
	bin, _ := filepath.Abs("bin")
	s := suite{
		folder: ".", story: true,
		args: []string{"-p=1", "-parallel=1", "-count=1", "-timeout=" + o.timeout.String()},
		env:  []string{"RERIG_LAB_SIZE=" + o.size, "RERIG_BIN=" + bin},
	}
	if o.long {
		s.env = append(s.env, "RERIG_LONG=1")
	}
	if o.stories != "" {
		s.args = append(s.args, "-run="+o.stories)
	}
	return s
}

func title(out io.Writer, what string) {
	fmt.Fprintf(out, "\n== %s (%s)\n", what, time.Now().Format(time.TimeOnly))
}

func called(module string) string {
	if module == "." {
		return "rerig"
	}
	return module
}

// environment is that of this process and more.
func environment(more []string) []string { return append(os.Environ(), more...) }
