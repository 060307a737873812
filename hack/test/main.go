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

	"github.com/rerig/rerig/hack/ground"
)

func main() {
	wanted := order{size: ground.Size(), strict: os.Getenv("CI") == "true"}
	flag.BoolVar(&wanted.long, "long", false, "run the stories' repetitions, and only the stories")
	flag.StringVar(&wanted.stories, "stories", "", "run only the stories whose name matches, and nothing else")
	flag.DurationVar(&wanted.timeout, "timeout", 50*time.Minute, "how long the stories may take together")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	results := run(ctx, wanted, os.Stdout)
	fmt.Print(page(results, wanted, time.Since(began)))
	if !good(results, wanted) {
		os.Exit(1)
	}
}
