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
		t.Errorf("built %d times", builds.Load())
	}
}

func TestDirKeysByInputs(t *testing.T) {
	c := Cache{Root: t.TempDir()}
	seen := map[string]bool{}
	for _, key := range [][]string{{"a", "b"}, {"ab"}, {"a", "b", ""}, {"b", "a"}} {
		dir, err := c.Dir(context.Background(), "part", key, func(context.Context, string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		seen[dir] = true
	}
	if len(seen) != 4 {
		t.Errorf("4 keys have %d places", len(seen))
	}
}

func TestFailedBuildRestartsFromEmptyDir(t *testing.T) {
	var progress strings.Builder
	c := Cache{Root: t.TempDir(), Progress: &progress}
	broken := errors.New("broken")
	_, err := c.Dir(context.Background(), "part", nil, func(_ context.Context, dir string) error {
		return errors.Join(broken, os.WriteFile(filepath.Join(dir, "half"), nil, 0o644))
	})
	if !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	dir, err := c.Dir(context.Background(), "part", nil, func(context.Context, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
		t.Error("what the failed build left is in the part")
	}
	if !strings.Contains(progress.String(), "building part failed") || !strings.Contains(progress.String(), "built part in") {
		t.Errorf("said %q", progress.String())
	}
}
