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
		t.Error("got a missing lock reported as locked")
	}
	first, err := TryAcquire(path)
	if err != nil || first == nil {
		t.Fatalf("first lock: got %v, %v, want the lock", first, err)
	}
	if second, err := TryAcquire(path); err != nil || second != nil {
		t.Errorf("second lock: got %v, %v, want none", second, err)
	}
	if !IsLocked(path) {
		t.Error("got unlocked, want locked")
	}
	first.Close()
	if IsLocked(path) {
		t.Error("got locked after Close, want unlocked")
	}
}

// A waiter must not lock a removed file that no other process sees.
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
		t.Error("got a lock on a removed file, want the file at the path")
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
		t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
	}
}
