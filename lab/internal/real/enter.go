// SPDX-License-Identifier: Apache-2.0

package real

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rerig/rerig/lab/internal/state"
)

// Enter prepares a command that runs inside the lab's namespaces, at its root,
// with the lab's kubeconfig. The cache is at its own path there; the host's other files are not.
func Enter(ctx context.Context, l state.Lab, argv []string) (*exec.Cmd, error) {
	b, err := os.ReadFile(pidFile(l))
	if err != nil {
		return nil, fmt.Errorf("find the inside of lab %s: %w", l.Name, err)
	}
	enter := []string{"--target", strings.TrimSpace(string(b)), "--mount", "--net", "--pid", "--ipc", "--uts", "--root", "--wd=/", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, argv...)...)
	cmd.Env = append([]string{"KUBECONFIG=" + l.Kubeconfig(), "TERM=" + os.Getenv("TERM")}, baseEnv...)
	return cmd, nil
}

// pidFile has the host's number of the first process inside.
func pidFile(l state.Lab) string { return filepath.Join(l.Dir, "pid") }
