// SPDX-License-Identifier: Apache-2.0

// Package command contains the shop's subcommands.
package command

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Command runs one subcommand until it is done or ctx ends.
type Command func(ctx context.Context, args []string, out io.Writer) error

// All returns every subcommand by name.
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
		"door":      serveDoor,
		"drive":     runDrive,
		"manifests": printManifests,
		"sleep":     runSleep,
	}
}

// runSleep waits, for preStop hooks: the image contains no other program.
func runSleep(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: shop sleep SECONDS")
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return fmt.Errorf("parse the number of seconds: %w", err)
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	case <-ctx.Done():
	}
	return nil
}
