// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/cache"
	"github.com/rerig/rerig/lab/internal/clusterstatus"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/internal/supervise"
)

func statusCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show nodes, istiods and pods that are not ready", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return status(c.Context(), f, c.OutOrStdout()) },
	}
}

// status prints the lab's state. It fails if the lab is not running, so that scripts can use it.
func status(ctx context.Context, f *flags, out io.Writer) error {
	root, err := cache.Root()
	if err != nil {
		return err
	}
	l, err := state.Load(state.Dir(root, f.name))
	if errors.Is(err, state.ErrNotFound) || err == nil && !supervise.IsRunning(l) {
		return fmt.Errorf("lab %q is not running; start it with `lab up`", f.name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "lab         %s (%s)\nkubeconfig  %s\nlogs        %s\n", l.Name, l.Size, l.Kubeconfig(), l.LogDir())
	if l.Size == state.Real {
		fmt.Fprintf(out, "prometheus  http://127.0.0.1:%d\ningress     http://127.0.0.1:%d\n", l.PrometheusPort, l.IngressPort)
	}
	raw, err := kubectl(ctx, l, "get", "nodes,pods", "--all-namespaces", "-o", "json").Output()
	if err != nil {
		return fmt.Errorf("list nodes and pods: %w", err)
	}
	s, err := clusterstatus.Parse(raw)
	if err != nil {
		return err
	}
	s.Print(out)
	return nil
}
