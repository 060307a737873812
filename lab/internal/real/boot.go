// SPDX-License-Identifier: Apache-2.0

package real

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/rerig/rerig/lab/internal/process"
	"github.com/rerig/rerig/lab/internal/state"
)

// Boot runs inside the namespaces: it brings up the node by its recipe, serves
// the ports that the host opened, tells readiness, and stays until ctx ends.
func Boot(ctx context.Context, l state.Lab, say io.Writer) error {
	g := &process.Group{Logs: l.Logs(), Say: say}
	if err := g.Boot(ctx, Recipe(l)); err != nil {
		return giveReason(l, err)
	}
	if err := keepTargets(ctx, l, say); err != nil {
		return giveReason(l, err)
	}
	inner := []string{fmt.Sprintf("127.0.0.1:%d", l.APIPort), prometheusAddr, ingressAddr}
	for i, to := range inner {
		ln, err := net.FileListener(os.NewFile(uintptr(4+i), "port"))
		if err != nil {
			return fmt.Errorf("take over the host's port for %s: %w", to, err)
		}
		go relay(ln, to)
	}
	if _, err := os.NewFile(3, "ready").Write([]byte{1}); err != nil {
		return fmt.Errorf("tell that the node is ready: %w", err)
	}
	<-ctx.Done()
	return nil
}

// giveReason leaves an error where the outside finds it.
func giveReason(l state.Lab, err error) error {
	if werr := os.WriteFile(insideFailed(l), []byte(err.Error()), 0o644); werr != nil {
		return fmt.Errorf("%w (which could not be written down: %w)", err, werr)
	}
	return err
}

func insideFailed(l state.Lab) string { return filepath.Join(l.Dir, "inside-failed") }
