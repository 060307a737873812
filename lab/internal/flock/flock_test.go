// SPDX-License-Identifier: Apache-2.0

package flock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTryAcquire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some", "lock")
	if IsLocked(path) {
		t.Error("a lock that is not there is held")
	}
	first, err := TryAcquire(path)
	if err != nil || first == nil {
		t.Fatalf("lock: %v, %v", first, err)
	}
	if second, err := TryAcquire(path); err != nil || second != nil {
		t.Errorf("a second lock: %v, %v", second, err)
	}
	if !IsLocked(path) {
		t.Error("the lock is not held")
	}
	first.Close()
	if IsLocked(path) {
		t.Error("the lock is still held")
	}
}

// Whoever waits for a lock that its holder removes must not end up with a file that nobody else sees.
func TestAcquireAfterLockFileWasRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := TryAcquire(path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *os.File)
	go func() {
		f, _ := Acquire(context.Background(), path)
		got <- f
	}()
	time.Sleep(20 * time.Millisecond)
	os.Remove(path)
	first.Close()
	if f := <-got; f == nil || !IsLocked(path) {
		t.Error("the lock taken is not the one at the path")
	}
}

func TestAcquireStopsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if f, err := TryAcquire(path); err != nil || f == nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := Acquire(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
