// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rerig/rerig/lab/internal/component"
)

// lay writes files so that a reader sees the old or the new content, never half of it.
func lay(files []component.File) error {
	for _, f := range files {
		if old, err := os.ReadFile(f.Path); err == nil && string(old) == f.Content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			return fmt.Errorf("make the folder of %s: %w", f.Path, err)
		}
		if err := os.WriteFile(f.Path+".new", []byte(f.Content), f.Mode); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		if err := os.Rename(f.Path+".new", f.Path); err != nil {
			return fmt.Errorf("put %s in its place: %w", f.Path, err)
		}
	}
	return nil
}
