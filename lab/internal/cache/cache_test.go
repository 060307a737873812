// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestDirBuildsOnce(t *testing.T) {
	c := Cache{Root: t.TempDir()}
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			dir, err := c.Dir(context.Background(), "part", []string{"a"}, func(_ context.Context, dir string) error {
				builds.Add(1)
				time.Sleep(50 * time.Millisecond)
				return os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
			})
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if builds.Load() != 1 {
		t.Errorf("got %d builds, want 1", builds.Load())
	}
}

func TestDirKeysByInputs(t *testing.T) {
	c := Cache{Root: t.TempDir()}
	keys := [][]string{{"a", "b"}, {"ab"}, {"a", "b", ""}, {"b", "a"}}
	seen := map[string]bool{}
	for _, key := range keys {
		dir, err := c.Dir(context.Background(), "part", key, func(context.Context, string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		seen[dir] = true
	}
	if len(seen) != len(keys) {
		t.Errorf("got %d directories, want %d", len(seen), len(keys))
	}
}

func TestFailedBuildRestartsFromEmptyDir(t *testing.T) {
	var progress strings.Builder
	c := Cache{Root: t.TempDir(), Progress: &progress}
	broken := errors.New("broken")
	_, err := c.Dir(context.Background(), "part", nil, func(_ context.Context, dir string) error {
		return errors.Join(broken, os.WriteFile(filepath.Join(dir, "partial"), nil, 0o644))
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got error %v, want %v", err, broken)
	}
	dir, err := c.Dir(context.Background(), "part", nil, func(context.Context, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "partial")); err == nil {
		t.Error("got a file of the failed build, want none")
	}
	if !strings.Contains(progress.String(), "building part failed") || !strings.Contains(progress.String(), "built part in") {
		t.Errorf("got progress %q, want the failed and the completed build", progress.String())
	}
}
