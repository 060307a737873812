// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/hollow"
	"github.com/rerig/rerig/lab/internal/real"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/internal/supervise"
)

// runners maps each lab size to the function that its supervisor runs.
var runners = map[state.Size]supervise.RunFunc{state.Real: real.Run, state.Hollow: hollow.Run}

// superviseCommand is the hidden command that `lab up` leaves running.
func superviseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "supervise DIR", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			l, err := state.Load(args[0])
			if err != nil {
				return err
			}
			return exitOnError(supervise.Run(c.Context(), l, runners[l.Size], os.Stdout))
		},
	}
}

// exitOnError exits without a message: the error is already written to the lab's directory.
func exitOnError(err error) error {
	if err != nil {
		os.Exit(1)
	}
	return nil
}

// insideCommand is the hidden command by which this program starts itself in the namespaces of a
// real lab.
func insideCommand() *cobra.Command {
	inside := &cobra.Command{Use: "inside", Hidden: true}
	step := func(name string, do func(*cobra.Command, state.Lab) error) {
		inside.AddCommand(&cobra.Command{
			Use: name + " DIR", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				l, err := state.Load(args[0])
				if err != nil {
					return err
				}
				return exitOnError(do(c, l))
			},
		})
	}
	step("init", func(_ *cobra.Command, l state.Lab) error { return real.Init(l) })
	step("boot", func(c *cobra.Command, l state.Lab) error { return real.Boot(c.Context(), l, os.Stdout) })
	return inside
}
