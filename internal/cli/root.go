// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line, one file per command. Flags become the same
// MeshUpgrade that a file holds; package run carries it out.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/engine"
)

// Run carries out a command line and returns its exit code.
func Run(ctx context.Context, arguments []string, s Streams) int {
	return runCommand(ctx, arguments, s, connect, wallClock{})
}

func runCommand(ctx context.Context, arguments []string, s Streams, c connector, clock engine.Clock) int {
	a := &app{Streams: s, connect: c, clock: clock, arguments: arguments}
	root := a.command()
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	switch {
	case errors.Is(err, errUnanswered):
		fmt.Fprintln(s.Err, "rerig: interrupted: "+err.Error())
	case code == exitInterrupted:
		a.tell("interrupted; nothing is lost: the same command continues")
	case err != nil && !errors.Is(err, errHeld):
		a.tell("%s", err)
	}
	return code
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "rerig",
		Short: "Move an Istio mesh from one control-plane revision to the next",
		Long: `Rerig moves an Istio mesh from one control-plane revision to the next, a few
workloads at a time. It verifies each of them on the wire, and can roll
everything back.

` + exitHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	a.flags(root)
	root.AddCommand(a.inventory(), a.plan(), a.upgrade(), a.status(), a.rollback(), a.prune(), a.version())
	for _, sub := range root.Commands() {
		sub.Args = usageErrors(sub.Args)
	}
	root.Args = usageErrors(root.Args)
	return root
}

// usageErrors makes a wrong argument a usage error.
func usageErrors(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, arguments []string) error {
		if err := check(cmd, arguments); err != nil {
			return usageError{fmt.Errorf("%s; see `%s --help`", strings.TrimSpace(err.Error()), cmd.CommandPath())}
		}
		return nil
	}
}
