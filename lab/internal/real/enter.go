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

// Enter returns a command that runs inside the lab's namespaces, at their root, with the lab's
// kubeconfig. The cache has the same path there; the host's other files are hidden.
func Enter(ctx context.Context, l state.Lab, argv []string) (*exec.Cmd, error) {
	b, err := os.ReadFile(pidFile(l))
	if err != nil {
		return nil, fmt.Errorf("find the namespaces of lab %s: %w", l.Name, err)
	}
	options := []string{"--target", strings.TrimSpace(string(b)), "--mount", "--net", "--pid", "--ipc", "--uts", "--root", "--wd=/", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(options, argv...)...)
	cmd.Env = append([]string{"KUBECONFIG=" + l.Kubeconfig(), "TERM=" + os.Getenv("TERM")}, baseEnv...)
	return cmd, nil
}

// pidFile returns the path of the file with the host's PID of the first process in the namespaces.
func pidFile(l state.Lab) string { return filepath.Join(l.Dir, "pid") }
