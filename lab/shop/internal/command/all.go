// SPDX-License-Identifier: Apache-2.0

// Package command is the shop's command line: one file for each subcommand.
package command

import (
	"context"
	"io"
)

// Command does one subcommand until it is done or the context ends.
type Command func(ctx context.Context, args []string, out io.Writer) error

// All names every subcommand.
func All() map[string]Command {
	return map[string]Command{
		"web":       web,
		"cart":      cart,
		"catalog":   catalogue,
		"notes":     notes,
		"ledger":    book,
		"rates":     rates,
		"outside":   outside,
		"load":      runLoad,
		"drive":     drive,
		"manifests": printManifests,
		"sleep":     sleep,
	}
}
