// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// requireNoProcess requires that no process uses a kubeconfig, by its environment or
// arguments.
func requireNoProcess(t *testing.T, kubeconfig string) {
	t.Helper()
	eventually(t, 5*time.Second, func() error {
		folders, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return err
		}
		for _, folder := range folders {
			for _, name := range []string{"environ", "cmdline"} {
				// A process that has just ended cannot be read, nor a zombie.
				b, _ := os.ReadFile(filepath.Join(folder, name))
				if bytes.Contains(b, []byte(kubeconfig)) && filepath.Base(folder) != strconv.Itoa(os.Getpid()) {
					return fmt.Errorf("process %s still works with %s: %q", filepath.Base(folder), kubeconfig, b)
				}
			}
		}
		return nil
	})
}
