// SPDX-License-Identifier: Apache-2.0

// Package cputime measures what a test computes. Other processes add to the time that
// passes, but hardly to that.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Now returns the time that this process has computed so far.
func Now(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
