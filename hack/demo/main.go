// SPDX-License-Identifier: Apache-2.0

// Command demo shows an upgrade from start to end: it starts a lab with a shop under load and moves
// the complete mesh to another Istio revision. The lab keeps running afterwards.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demo(ctx, console{out: os.Stdout})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		fmt.Fprintf(os.Stderr, "The lab keeps running. Inspect it: make lab-status NAME=%s\n", labName)
		fmt.Fprintf(os.Stderr, "Stop it: make lab-down NAME=%s\n", labName)
		os.Exit(1)
	}
}
