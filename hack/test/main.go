// SPDX-License-Identifier: Apache-2.0

// Command test runs everything that make test promises: the form of the code,
// go vet, the unit tests of every module and the stories on the lab. It shows
// progress while it works and ends with what was left out and one line of counts.
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

// patience is how long the stories may take together when nobody says.
var patience = map[bool]time.Duration{false: 50 * time.Minute, true: 5 * time.Hour}

func main() {
	wanted := order{size: labsize.Detect(), strict: os.Getenv("CI") == "true"}
	flag.BoolVar(&wanted.long, "long", false, "run only the stories, each as often as it can repeat itself, and write their times down in bin/long-runs.md")
	flag.StringVar(&wanted.stories, "stories", "", "run only the stories whose name matches, and nothing else")
	flag.DurationVar(&wanted.timeout, "timeout", 0, "how long the stories may take together (default 50m, 5h with -long)")
	flag.Parse()
	if wanted.timeout == 0 {
		wanted.timeout = patience[wanted.long]
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	results := run(ctx, wanted, os.Stdout)
	fmt.Print(page(results, wanted, time.Since(began)))
	if wanted.long {
		if err := record("bin/long-runs.md", results, wanted, began); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if !good(results, wanted) {
		os.Exit(1)
	}
}
