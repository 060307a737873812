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

// Boot runs inside the namespaces. It starts the node's components, serves the ports that the host
// opened, reports that the node is ready, and runs until ctx ends.
func Boot(ctx context.Context, l state.Lab, out io.Writer) error {
	g := &process.Group{Logs: l.LogDir(), Log: out}
	if err := g.Boot(ctx, Components(l)); err != nil {
		return recordFailure(l, err)
	}
	if err := updateTargets(ctx, l, out); err != nil {
		return recordFailure(l, err)
	}
	inner := []string{fmt.Sprintf("127.0.0.1:%d", l.APIPort), prometheusAddr, ingressAddr}
	for i, to := range inner {
		ln, err := net.FileListener(os.NewFile(uintptr(4+i), "port"))
		if err != nil {
			return fmt.Errorf("accept connections of the host's port for %s: %w", to, err)
		}
		go relayConnections(ln, to)
	}
	if _, err := os.NewFile(3, "ready").Write([]byte{1}); err != nil {
		return fmt.Errorf("report that the node is ready: %w", err)
	}
	<-ctx.Done()
	return nil
}

// recordFailure writes the error to the file that the supervisor reads.
func recordFailure(l state.Lab, err error) error {
	if writeErr := os.WriteFile(failureFile(l), []byte(err.Error()), 0o644); writeErr != nil {
		return fmt.Errorf("%w (writing the reason failed: %w)", err, writeErr)
	}
	return err
}

func failureFile(l state.Lab) string { return filepath.Join(l.Dir, "inside-failed") }
