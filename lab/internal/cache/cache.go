// SPDX-License-Identifier: Apache-2.0

// Package cache keeps what was built or downloaded, keyed by what went into it.
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

// Cache is a folder of finished folders. Whatever is in it may be removed at any time
// while nothing uses it.
type Cache struct {
	// Root is the folder; it need not exist.
	Root string
	// Say is told the progress of a build; nil for silence.
	Progress io.Writer
}

// Root is where the cache of this user is: $RERIG_CACHE, or rerig in the user's cache directory.
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

// Dir returns the folder called name whose content was made from key, and makes
// it by build when it is not there yet. build gets an empty folder, which takes
// its place only when build succeeds; of several processes that ask at once one
// builds and the others wait.
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
		return "", fmt.Errorf("clear what an earlier build of %s left: %w", name, err)
	}
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for %s: %w", name, err)
	}
	finish := reportProgress(c.Progress, name)
	err = build(ctx, scratch)
	finish(err)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	if err := os.Rename(scratch, partDir); err != nil {
		return "", fmt.Errorf("put %s in its place: %w", name, err)
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
