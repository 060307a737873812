// SPDX-License-Identifier: Apache-2.0

// Command shop is the application that the lab runs. Each service is a subcommand of one binary,
// and so is the load generator.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/rerig/rerig/lab/shop/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	all := command.All()
	if len(args) > 0 {
		if do, ok := all[args[0]]; ok {
			return do(ctx, args[1:], out)
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("usage: shop %s [flags]", strings.Join(names, "|"))
}
