// SPDX-License-Identifier: Apache-2.0

// Package parts gets what a lab is made of: each part is built from a module in
// lab/modules, or downloaded from a package registry by its ordinary client, and
// kept in the cache.
package parts

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rerig/rerig/lab/internal/cache"
)

// Store gets parts. One method is one part; each returns a path in the cache.
type Store struct {
	Cache cache.Cache
	// Source is the lab's folder in the source tree, the one with modules/ in it.
	Source string
	// Say is told what is about to be done to the host.
	Say io.Writer
}

// Source finds the lab's source tree: $RERIG_LAB, or lab/ in a folder above the
// working directory or above the running program.
func Source() (string, error) {
	if s := os.Getenv("RERIG_LAB"); s != "" {
		return filepath.Abs(s)
	}
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, at := range starts {
		for ; ; at = filepath.Dir(at) {
			for _, s := range []string{at, filepath.Join(at, "lab")} {
				if _, err := os.Stat(filepath.Join(s, "modules", "kube", "go.mod")); err == nil {
					return s, nil
				}
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return "", fmt.Errorf("find the lab's source: no folder above %v has lab/modules in it; run it inside the checkout, or set RERIG_LAB", starts)
}
