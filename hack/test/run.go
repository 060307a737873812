// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

// options say what to run.
type options struct {
	size    string        // of the lab that the stories run on
	all     bool          // the long stories too, and repetitions
	stories string        // a pattern: only these stories
	timeout time.Duration // of one story
	strict  bool          // a skipped story is a failure
}

// durationsFile is where the durations of the last run of this sort are kept.
func (o options) durationsFile() string {
	if o.all {
		return "bin/test-all-durations.md"
	}
	return "bin/test-durations.md"
}

// modules are the folders of this repository's own Go modules. Those below
// lab/modules only name what the lab builds, and have no code to test.
var modules = []string{".", "lab", "lab/shop"}

// report is the outcome of a run.
type report struct {
	results []result
	phases  []phase
	left    []string // stories that only make test-all runs
}

// phase is a part of a run and its duration.
type phase struct {
	name string
	took time.Duration
}

// time runs one phase and records its duration.
func (r *report) time(out io.Writer, name string, run func() []result) {
	heading(out, name)
	began := time.Now()
	r.results = append(r.results, run()...)
	r.phases = append(r.phases, phase{name: name, took: time.Since(began)})
}

// run does everything that the options ask for. While the unit tests run, the hollow
// labs start. Meanwhile the real lab's parts are fetched, which takes long with an
// empty cache.
func run(ctx context.Context, o options, out io.Writer) (r report) {
	onlyStories := o.stories != ""
	if !onlyStories {
		r.time(out, "static checks", func() []result { return staticChecks(ctx, out) })
	}
	if o.size != labsize.None {
		r.time(out, "parts of the hollow lab", func() []result { return []result{fetchParts(ctx, labsize.Hollow, out)} })
	}
	stories, err := selectStories(ctx, o)
	if err != nil {
		fmt.Fprintln(out, err)
		r.results = append(r.results, result{name: "list of the stories", verdict: failed, story: true})
	}
	r.left = stories.left
	env, remove, err := labEnvironment(ctx, o)
	defer remove()
	if err != nil {
		fmt.Fprintln(out, err)
		r.results = append(r.results, result{name: "programs of the lab", verdict: failed})
	}

	shared := &sync.Mutex{}
	realParts := fetchInBackground(ctx, o, stories, &prefixWriter{to: out, prefix: "parts| ", shared: shared})
	labs := newWorkers(o, stories, shared, out)
	if len(stories.load) > 0 {
		labs.idle = func(ctx context.Context) {
			realParts()
			startLoadLab(ctx, &prefixWriter{to: out, shared: shared})
		}
	}
	defer labs.stop(context.WithoutCancel(ctx))
	labs.start(ctx)
	if !onlyStories {
		r.time(out, "unit tests", func() []result { return unitTests(ctx, env, &prefixWriter{to: out, shared: shared}) })
	}
	if o.size == labsize.None {
		return r
	}
	jobs := stories.jobs(o)
	if !onlyStories {
		jobs = slices.Insert(jobs, 0, job{name: "package tests", run: func(ctx context.Context,
			w *worker) []result {
			return packageLabTests(ctx, env, w.out)
		}})
	}
	r.time(out, "stories on hollow labs", func() []result { return labs.run(ctx, jobs) })
	if len(stories.load) > 0 {
		r.time(out, "waiting for the parts of the real lab", realParts)
		r.time(out, "stories under load", func() []result { return loadStories(ctx, o, stories, out) })
	}
	return r
}

// unitTests runs the tests of every module but those that need a running lab.
func unitTests(ctx context.Context, env []string, out io.Writer) (all []result) {
	for _, m := range modules {
		all = append(all, goTest(ctx, packages{module: m, args: []string{"-timeout=10m", "-skip=" + labTests}, env: env}, out)...)
	}
	return append(all, goTest(ctx, packages{module: ".", names: []string{"./" + storiesFolder}, args: []string{"-run=^TestHarness"}},
		out)...)
}

func heading(out io.Writer, text string) {
	fmt.Fprintf(out, "\n== %s (%s)\n", text, time.Now().Format(time.TimeOnly))
}

// moduleName is how messages name a module's folder.
func moduleName(folder string) string {
	if folder == "." {
		return "rerig"
	}
	return folder
}
