// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/real"
	"github.com/rerig/rerig/lab/internal/state"
)

func runCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "run -- CMD [ARGS]", Short: "Run a command inside the lab with its KUBECONFIG",
		Long: `Run a command with the lab's KUBECONFIG.

In a real lab it runs inside the lab's namespaces: pod and Service addresses are reachable,
and kubectl, istioctl-VERSION and shop are in the PATH. In a hollow lab it runs on the host.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return execInLab(c.Context(), f, args) },
	}
}

func shellCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "shell", Short: "Start a shell inside the lab", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return execInLab(c.Context(), f, []string{"/bin/bash"}) },
	}
}

// execInLab replaces this process by the command, so that only the command receives the terminal's
// signals.
func execInLab(ctx context.Context, f *flags, argv []string) error {
	l, err := f.loadLab()
	if err != nil {
		return err
	}
	cmd, err := commandInLab(ctx, l, argv)
	if err != nil {
		return err
	}
	if cmd.Err != nil {
		return fmt.Errorf("run %s: %w", argv[0], cmd.Err)
	}
	if err := syscall.Exec(cmd.Path, cmd.Args, cmd.Env); err != nil {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return nil
}

// commandInLab returns a command that runs inside the lab's namespaces, or on the host for a hollow
// lab.
func commandInLab(ctx context.Context, l state.Lab, argv []string) (*exec.Cmd, error) {
	if l.Size == state.Real {
		return real.Enter(ctx, l, argv)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+l.Kubeconfig())
	return cmd, nil
}
