// SPDX-License-Identifier: Apache-2.0

// Package cache stores built and downloaded directories, keyed by their inputs.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rerig/rerig/lab/internal/flock"
)

// Cache is a directory of completed directories. Any of them may be removed while nothing uses it.
type Cache struct {
	// Root is the directory of the cache. It is created when needed.
	Root string
	// Progress receives the progress of a build. Nil discards it.
	Progress io.Writer
}

// Root returns the cache directory of this user: $RERIG_CACHE, or rerig in the user's cache
// directory.
func Root() (string, error) {
	if r := os.Getenv("RERIG_CACHE"); r != "" {
		return filepath.Abs(r)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache directory: %w", err)
	}
	return filepath.Join(base, "rerig"), nil
}

// Dir returns the directory called name that was built from key. If it does not exist, build fills
// an empty directory, which becomes visible only when build succeeds. Of several processes that
// call Dir at the same time, one builds and the others wait.
func (c Cache) Dir(ctx context.Context, name string, key []string, build func(ctx context.Context, dir string) error) (string, error) {
	partDir := filepath.Join(c.Root, "parts", name+"-"+keyDigest(key))
	if exists(partDir) {
		return partDir, nil
	}
	lock, err := flock.Acquire(ctx, partDir+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if exists(partDir) {
		return partDir, nil
	}
	scratch := partDir + ".part"
	if err := os.RemoveAll(scratch); err != nil {
		return "", fmt.Errorf("remove the incomplete build of %s: %w", name, err)
	}
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", fmt.Errorf("create a directory for %s: %w", name, err)
	}
	finish := reportProgress(c.Progress, name)
	err = build(ctx, scratch)
	finish(err)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	if err := os.Rename(scratch, partDir); err != nil {
		return "", fmt.Errorf("move %s into the cache: %w", name, err)
	}
	return partDir, nil
}

func keyDigest(key []string) string {
	h := sha256.New()
	for _, k := range key {
		fmt.Fprintf(h, "%d %s\n", len(k), k)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
