// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/cache"
	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/state"
)

// flags holds the flags of every command.
type flags struct {
	size string
	name string
}

func root() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use: "lab", Short: "Run Kubernetes with two Istio versions on one machine",
		SilenceUsage: true, SilenceErrors: true,
	}
	c.PersistentFlags().StringVar(&f.size, "size", "",
		"real (containers and traffic; needs root) or hollow (control planes only);\ndefault: real for root on Linux, else hollow")
	c.PersistentFlags().StringVar(&f.name, "name", "lab", "name of the lab; several labs can run at once")
	c.AddCommand(upCommand(f), downCommand(f), statusCommand(f), runCommand(f), shellCommand(f),
		kubeconfigCommand(f), pathCommand(f), fetchCommand(f), shopCommand(f), loadCommand(f), superviseCommand(), insideCommand())
	return c
}

// labSize returns the size given by --size, or the largest size that this user can run. The note
// explains a default other than real.
func (f *flags) labSize() (size state.Size, note string, err error) {
	root := os.Geteuid() == 0 && runtime.GOOS == "linux"
	switch state.Size(f.size) {
	case "":
		if root {
			return state.Real, "", nil
		}
		return state.Hollow, "Starting a hollow lab. A real lab needs root on Linux.", nil
	case state.Hollow:
		return state.Hollow, "", nil
	case state.Real:
		if !root {
			return "", "", fmt.Errorf("a real lab needs root on Linux; use --size hollow as another user")
		}
		return state.Real, "", nil
	}
	return "", "", fmt.Errorf("invalid --size %q: use real or hollow", f.size)
}

// newStore returns the store of parts in this user's cache.
func newStore() (parts.Store, error) {
	root, err := cache.Root()
	if err != nil {
		return parts.Store{}, err
	}
	source, err := parts.FindSource()
	if err != nil {
		return parts.Store{}, err
	}
	return parts.Store{Cache: cache.Cache{Root: root, Progress: os.Stderr}, Source: source, Log: os.Stderr}, nil
}

// loadLab returns the lab given by --name. It fails if there is none.
func (f *flags) loadLab() (state.Lab, error) {
	root, err := cache.Root()
	if err != nil {
		return state.Lab{}, err
	}
	l, err := state.Load(state.Dir(root, f.name))
	if err != nil {
		return l, fmt.Errorf("find lab %q: %w; start it with `lab up`", f.name, err)
	}
	return l, nil
}
