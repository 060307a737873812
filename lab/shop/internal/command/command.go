// SPDX-License-Identifier: Apache-2.0

// Package command is the shop's command line: one file for each subcommand.
package command

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Command does one subcommand until it is done or the context ends.
type Command func(ctx context.Context, args []string, out io.Writer) error

// All names every subcommand.
func All() map[string]Command {
	return map[string]Command{
		"web":       serveWeb,
		"cart":      serveCart,
		"catalog":   serveCatalog,
		"notes":     serveNotes,
		"ledger":    serveLedger,
		"rates":     serveRates,
		"outside":   serveOutside,
		"load":      runLoad,
		"drive":     runDrive,
		"manifests": printManifests,
		"sleep":     runSleep,
	}
}

// runSleep waits, for preStop hooks: the image has no other program.
func runSleep(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: shop sleep SECONDS")
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return fmt.Errorf("read how many seconds to sleep: %w", err)
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	case <-ctx.Done():
	}
	return nil
}
