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
	"github.com/rerig/rerig/lab/internal/rollouts"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/internal/supervise"
)

// contents selects what is installed into a lab when its nodes are ready.
type contents struct{ istio, shop, rollouts bool }

func upCommand(f *flags) *cobra.Command {
	var want contents
	var noShop bool
	c := &cobra.Command{
		Use: "up", Short: "Start the lab and leave it running", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			want.shop = want.istio && !noShop
			return up(c.Context(), f, want, c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&want.istio, "istio", true, "install Istio 1.29.1 and the shop")
	c.Flags().BoolVar(&noShop, "no-shop", false, "do not install the shop")
	c.Flags().BoolVar(&want.rollouts, "rollouts", false, "run the Argo Rollouts controller")
	return c
}

// up starts the lab and installs its contents. Both are skipped if already done.
func up(ctx context.Context, f *flags, want contents, out io.Writer) error {
	size, note, err := f.labSize()
	if err != nil {
		return err
	}
	start := time.Now()
	root, err := cache.Root()
	if err != nil {
		return err
	}
	lock, err := flock.Acquire(ctx, state.Dir(root, f.name)+".lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	l, err := ensureRunning(ctx, f, root, size, note, want, out)
	if err != nil {
		return err
	}
	if err := supervise.WaitReady(ctx, l, out); err != nil {
		return err
	}
	if l, err = state.Load(l.Dir); err != nil { // the supervisor has saved its ports
		return err
	}
	if err := installContents(ctx, l, want, out); err != nil {
		return err
	}
	took := time.Since(start).Round(time.Second)
	fmt.Fprintf(out, "Lab %s (%s) is up after %s.\nexport KUBECONFIG=%s\n", l.Name, l.Size, took, l.Kubeconfig())
	return nil
}

// ensureRunning returns the running lab, or starts one after it removed the files of a lab that
// stopped.
func ensureRunning(
	ctx context.Context, f *flags, root string, size state.Size, note string, want contents, out io.Writer,
) (state.Lab, error) {
	old, err := state.Load(state.Dir(root, f.name))
	if err == nil && supervise.IsRunning(old) {
		if f.size != "" && old.Size != size {
			return old, fmt.Errorf("start a %s lab: lab %q is already running with size %s; stop it with `lab down`, or use another --name",
				size, old.Name, old.Size)
		}
		if _, has := old.Parts[rollouts.Part]; want.rollouts && !has {
			return old, fmt.Errorf("start a lab with Argo Rollouts: lab %q is already running without it; "+
				"stop it with `lab down`, or use another --name", old.Name)
		}
		return old, nil
	}
	if err == nil {
		err = cleanUp(old)
	}
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return old, err
	}
	if note != "" {
		fmt.Fprintln(out, note)
	}
	s, err := newStore()
	if err != nil {
		return old, err
	}
	paths, err := getParts(ctx, s, requiredParts(size, want.shop, want.rollouts))
	if err != nil {
		return old, err
	}
	l := state.Lab{Name: f.name, Size: size, Dir: state.Dir(root, f.name), Cache: root, Parts: paths}
	if err := os.RemoveAll(l.Dir); err != nil {
		return l, fmt.Errorf("clear %s: %w", l.Dir, err)
	}
	if err := l.Save(); err != nil {
		return l, err
	}
	return l, supervise.Start(l)
}
