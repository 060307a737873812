// SPDX-License-Identifier: Apache-2.0

// Command lab runs Kubernetes and two Istio versions on one machine. See lab/README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	var inner *exec.ExitError
	if errors.As(err, &inner) && inner.ExitCode() > 0 {
		os.Exit(inner.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}
