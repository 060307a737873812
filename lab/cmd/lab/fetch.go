// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/rollouts"
	"github.com/rerig/rerig/lab/internal/state"
)

func fetchCommand(f *flags) *cobra.Command {
	var noShop, withRollouts bool
	c := &cobra.Command{
		Use: "fetch", Short: "Build and download all parts of a lab of this size, without starting it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			size, _, err := f.labSize()
			if err != nil {
				return err
			}
			s, err := newStore()
			if err != nil {
				return err
			}
			_, err = getParts(c.Context(), s, requiredParts(size, !noShop, withRollouts))
			return err
		},
	}
	c.Flags().BoolVar(&noShop, "no-shop", false, "do not install the shop")
	c.Flags().BoolVar(&withRollouts, "rollouts", false, "include the Argo Rollouts controller")
	return c
}

// requiredParts returns the names of the parts of a lab of this size. Parts that need a package
// registry come first, so that a failure shows early.
func requiredParts(size state.Size, shop, withRollouts bool) []string {
	var names []string
	if size == state.Real {
		names = append(names, "rootfs", "envoy-1.29.1", "envoy-1.31.0")
	}
	if size == state.Hollow {
		names = append(names, "kwok")
	}
	names = append(names, "kube", "kubectl", "istio-1.29.1", "istio-1.31.0")
	if size == state.Real {
		names = append(names, "coredns", "images-1.29.1", "images-1.31.0")
	}
	if withRollouts {
		names = append(names, rollouts.Part)
	}
	if shop {
		names = append(names, shopParts(size)...)
	}
	return names
}

// shopParts returns the parts that the shop adds to a lab of this size.
func shopParts(size state.Size) []string {
	if size == state.Real {
		return []string{"shop", "shop-image"}
	}
	return []string{"shop"}
}

// getParts builds or downloads the named parts and returns their paths by name.
func getParts(ctx context.Context, s parts.Store, names []string) (map[string]string, error) {
	paths := map[string]string{}
	for _, n := range names {
		path, err := s.Path(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("get %s: %w", n, err)
		}
		paths[n] = path
	}
	return paths, nil
}
