// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/real"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/istio"
)

// installShop builds the shop when the lab was brought up without it, gives its
// image to the node, and applies what its own program prints.
func installShop(ctx context.Context, l state.Lab) error {
	s, err := store()
	if err != nil {
		return err
	}
	places, err := gather(ctx, s, shopParts(l.Size))
	if err != nil {
		return err
	}
	maps.Copy(l.Parts, places)
	if err := l.Save(); err != nil {
		return err
	}
	if l.Size == state.Real {
		cmd, err := real.Enter(ctx, l, append([]string{"ctr"}, real.ImportArgs(l.Parts["shop-image"])...))
		if err != nil {
			return err
		}
		if err := call(cmd); err != nil {
			return fmt.Errorf("import the shop's image: %w", err)
		}
	}
	return applyShop(ctx, l)
}

// applyShop leaves the load out of a hollow lab, which has no traffic.
func applyShop(ctx context.Context, l state.Lab) error {
	print := exec.CommandContext(ctx, l.Parts["shop"], "manifests",
		"--revision="+istio.Revision(parts.IstioVersions[0]),
		"--key="+filepath.Join(l.Dir, "shop.key"),
		fmt.Sprintf("--load=%t", l.Size == state.Real))
	manifests, err := print.Output()
	if err != nil {
		return fmt.Errorf("print the shop's manifests: %w", err)
	}
	file := filepath.Join(l.Dir, "shop.yaml")
	if err := os.WriteFile(file, manifests, 0o600); err != nil {
		return fmt.Errorf("write the shop's manifests: %w", err)
	}
	return call(kubectl(ctx, l, "apply", "-f", file))
}
