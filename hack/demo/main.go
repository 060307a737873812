// SPDX-License-Identifier: Apache-2.0

// Command demo shows the main job from nothing to its end: a lab with a shop
// under load, and the shop's move to another Istio in three waves. The lab is
// left up, for whoever wants to go on by hand.
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
		fmt.Fprintln(os.Stderr, "The lab is left as it is: look at it with `make lab-status NAME="+name+"`, end it with `make lab-down NAME="+name+"`.")
		os.Exit(1)
	}
}
