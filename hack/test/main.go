// SPDX-License-Identifier: Apache-2.0

// Command test runs what make test promises: static checks, the unit tests of
// every module, and the stories on the lab. It shows progress while it runs, and
// ends with a summary: each story's duration, what failed, what was left out,
// and the counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

func main() {
	o := options{size: labsize.Detect(), strict: os.Getenv("CI") == "true"}
	flag.BoolVar(&o.all, "all", false, "also run the stories that take long, and have stories repeat themselves")
	flag.StringVar(&o.stories, "stories", "", "run only the stories whose name matches this pattern, and nothing else")
	flag.DurationVar(&o.timeout, "timeout", 0, "how long one story may take (default 15m, 2h with -all)")
	flag.Parse()
	if o.timeout == 0 {
		o.timeout = 15 * time.Minute
		if o.all {
			o.timeout = 2 * time.Hour
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	r := run(ctx, o, os.Stdout)
	took := time.Since(began)
	fmt.Print(summary(r, o, took))
	if err := writeDurations(o.durationsFile(), r, o, began, took); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !succeeded(r, o) {
		os.Exit(1)
	}
}
