// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/cache"
	"github.com/rerig/rerig/lab/internal/flock"
	"github.com/rerig/rerig/lab/internal/real"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/internal/supervise"
)

// stopTimeout bounds how long a supervisor may take to end its processes.
const stopTimeout = 20 * time.Second

func downCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "down", Short: "Stop the lab and remove everything but the cache", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return down(c.Context(), f, c.ErrOrStderr()) },
	}
}

func down(ctx context.Context, f *flags, out io.Writer) error {
	root, err := cache.Root()
	if err != nil {
		return err
	}
	path := state.Dir(root, f.name) + ".lock"
	lock, err := flock.Acquire(ctx, path)
	if err != nil {
		return err
	}
	defer lock.Close()
	defer os.Remove(path)
	l, err := state.Load(state.Dir(root, f.name))
	if errors.Is(err, state.ErrNotFound) {
		fmt.Fprintf(out, "Lab %s is down.\n", f.name)
		return nil
	}
	if err != nil {
		return err
	}
	if err := supervise.Stop(l, stopTimeout); err != nil {
		return err
	}
	if err := cleanUp(l); err != nil {
		return err
	}
	fmt.Fprintf(out, "Lab %s is down.\n", l.Name)
	return nil
}

// cleanUp removes the files and cgroups of a lab whose processes have ended.
func cleanUp(l state.Lab) error {
	if l.Size == state.Real {
		if err := real.RemoveCgroups(l); err != nil {
			return err
		}
	}
	var err error
	for until := time.Now().Add(stopTimeout); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if err = os.RemoveAll(l.Dir); err == nil { // processes that are ending may still write to it
			return nil
		}
	}
	return fmt.Errorf("remove the directory of lab %s: %w", l.Name, err)
}
