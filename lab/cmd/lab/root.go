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

// flags are what every command takes.
type flags struct {
	size string
	name string
}

func root() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use: "lab", Short: "A real Kubernetes with real Istios on one machine",
		SilenceUsage: true, SilenceErrors: true,
	}
	c.PersistentFlags().StringVar(&f.size, "size", "", "real (containers and traffic; needs root) or hollow (control planes alone); real when root on Linux")
	c.PersistentFlags().StringVar(&f.name, "name", "lab", "which lab; several may run at once")
	c.AddCommand(upCommand(f), downCommand(f), statusCommand(f), runCommand(f), shellCommand(f),
		kubeconfigCommand(f), pathCommand(f), fetchCommand(f), shopCommand(f), loadCommand(f), superviseCommand(), insideCommand())
	return c
}

// labSize is the size asked for, or the largest that this user can have, with the reason when that is not the real one.
func (f *flags) labSize() (size state.Size, note string, err error) {
	root := os.Geteuid() == 0 && runtime.GOOS == "linux"
	switch state.Size(f.size) {
	case "":
		if root {
			return state.Real, "", nil
		}
		return state.Hollow, "the hollow lab, since the real one needs root on Linux", nil
	case state.Hollow:
		return state.Hollow, "", nil
	case state.Real:
		if !root {
			return "", "", fmt.Errorf("make a real lab: it needs root on Linux; --size hollow needs nothing")
		}
		return state.Real, "", nil
	}
	return "", "", fmt.Errorf("read --size %q: it is real or hollow", f.size)
}

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

// loadLab loads the lab of this name, which must be there.
func (f *flags) loadLab() (state.Lab, error) {
	root, err := cache.Root()
	if err != nil {
		return state.Lab{}, err
	}
	l, err := state.Load(state.Dir(root, f.name))
	if err != nil {
		return l, fmt.Errorf("find lab %q: %w; `lab up` makes one", f.name, err)
	}
	return l, nil
}
