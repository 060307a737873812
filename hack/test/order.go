// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

// order is what is to be run.
type order struct {
	size    string        // of the lab that the stories run on
	long    bool          // the stories alone, with their repetitions
	stories string        // a pattern: only these stories
	timeout time.Duration // of the stories together
	strict  bool          // a skipped story is a failure
}

// modules are the folders of this repository's own Go modules. Those below
// lab/modules only name what the lab builds, and have no code to test.
var modules = []string{".", "lab", "lab/shop"}

// storiesAt is where the stories on the lab are; they run last, and one by one.
const storiesAt = "test/stories"

// later are tests that need a lab that runs, or a parent that kills them; the
// first are run on a bench, the second by those parents.
const later = "^(TestLab|TestInstallUntilKilled)$"

func run(ctx context.Context, o order, out io.Writer) []result {
	var all []result
	everything := !o.long && o.stories == ""
	if everything {
		all = form(ctx, out)
	}
	if o.size != labsize.None {
		title(out, "parts of the lab")
		all = append(all, fetched(ctx, o.size, out))
	}
	if everything {
		all = append(all, units(ctx, o, out)...)
	}
	if o.size == labsize.None {
		return all
	}
	title(out, "stories on the lab, "+o.size)
	if o.stories == "" {
		return append(all, tellAll(ctx, o, out)...)
	}
	return append(all, tests(ctx, tale(o, "", nil), out)...)
}

// form is what can be said of the code without running it.
func form(ctx context.Context, out io.Writer) []result {
	title(out, "form")
	all := []result{formatted(ctx, out)}
	for _, m := range modules {
		all = append(all, vetted(ctx, m, out))
	}
	return all
}

// units are the tests of every module, those that need a running lab last.
func units(ctx context.Context, o order, out io.Writer) (all []result) {
	env, clear, err := equipped(ctx, o)
	defer clear()
	if err != nil {
		fmt.Fprintln(out, err)
		all = append(all, result{name: "programs of the lab", verdict: failed})
	}
	for _, m := range modules {
		title(out, "tests of "+called(m))
		all = append(all, tests(ctx, suite{folder: m, args: []string{"-timeout=10m", "-skip=" + later}, env: env}, out)...)
	}
	if o.size == labsize.None || err != nil {
		return all
	}
	title(out, "tests on a bench: a hollow lab with Istio alone")
	return append(all, onBench(ctx, env, out)...)
}

func equipped(ctx context.Context, o order) (env []string, clear func(), err error) {
	if o.size == labsize.None {
		return nil, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "rerig-test-")
	if err != nil {
		return nil, func() {}, err
	}
	env, err = equipment(ctx, dir)
	return env, func() { os.RemoveAll(dir) }, err
}

// tale is a suite of stories: those of these names, or without names all that the
// order means. They are told by the environment which lab to use, what to call it
// and where the programs are; a plain go test, which does not say so, skips them.
func tale(o order, shard string, names []string) suite {
	bin, _ := filepath.Abs("bin")
	s := suite{
		folder: ".", story: true,
		args: []string{"-p=1", "-parallel=1", "-count=1", "-timeout=" + o.timeout.String()},
		env:  []string{"RERIG_LAB_SIZE=" + o.size, "RERIG_BIN=" + bin},
	}
	if shard != "" {
		s.env = append(s.env, "RERIG_TEST_SHARD="+shard)
	}
	if o.long {
		s.env = append(s.env, "RERIG_LONG=1")
	}
	switch {
	case names != nil:
		s.args = append(s.args, "-run=^("+strings.Join(names, "|")+")$")
	case o.stories != "":
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
