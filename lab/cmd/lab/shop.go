// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/istio"
)

// shopReadyTimeout bounds how long the shop may take to become ready. An idle machine needs 30 s.
const shopReadyTimeout = 6 * time.Minute

func shopCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "shop", Short: "Install the shop into a running lab, or restore its manifests", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.loadLab()
			if err != nil {
				return err
			}
			return installShop(c.Context(), l)
		},
	}
}

// installShop builds the shop if the lab was started without it, imports its image and applies its
// manifests.
func installShop(ctx context.Context, l state.Lab) error {
	s, err := newStore()
	if err != nil {
		return err
	}
	paths, err := getParts(ctx, s, shopParts(l.Size))
	if err != nil {
		return err
	}
	maps.Copy(l.Parts, paths)
	if err := l.Save(); err != nil {
		return err
	}
	if l.Size == state.Real {
		if err := importImages(ctx, l, "shop-image"); err != nil {
			return fmt.Errorf("import the shop's image: %w", err)
		}
	}
	return applyShop(ctx, l)
}

// applyShop applies the manifests that the shop program prints. A hollow lab gets no load
// generator, because it has no traffic.
func applyShop(ctx context.Context, l state.Lab) error {
	cmd := exec.CommandContext(ctx, l.Parts["shop"], "manifests",
		"--revision="+istio.Revision(parts.IstioVersions[0]),
		"--key="+filepath.Join(l.Dir, "shop.key"),
		fmt.Sprintf("--load=%t", l.Size == state.Real))
	manifests, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("print the shop's manifests: %w", err)
	}
	file := filepath.Join(l.Dir, "shop.yaml")
	if err := os.WriteFile(file, manifests, 0o600); err != nil {
		return fmt.Errorf("write the shop's manifests: %w", err)
	}
	if err := runQuietly(kubectl(ctx, l, "apply", "-f", file)); err != nil {
		return err
	}
	return waitForShop(ctx, l)
}

// waitForShop waits for the rollout of every workload. The load generator is ready after it
// completed three rounds without a failure.
func waitForShop(ctx context.Context, l state.Lab) error {
	ctx, cancel := context.WithTimeout(ctx, shopReadyTimeout)
	defer cancel()
	namespaces := []string{"outside", "shop-core", "shop-data", "shop-web"}
	if l.Size == state.Real {
		namespaces = append(namespaces, "load")
	}
	for _, n := range namespaces {
		if err := runQuietly(kubectl(ctx, l, "rollout", "status", "deployment,statefulset,daemonset", "-n", n)); err != nil {
			return fmt.Errorf("wait for the workloads in namespace %s: %w", n, err)
		}
	}
	return nil
}
