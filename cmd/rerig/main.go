// SPDX-License-Identifier: Apache-2.0

// Command rerig moves an Istio mesh from one control-plane revision to the next.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rerig/rerig/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
