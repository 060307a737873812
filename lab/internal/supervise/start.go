// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rerig/rerig/lab/internal/flock"
	"github.com/rerig/rerig/lab/internal/state"
)

// Start starts this program as the lab's supervisor (`supervise DIR`) in a session of its own, so
// that it outlives the caller and the caller's terminal.
func Start(l state.Lab) error {
	if err := os.MkdirAll(l.LogDir(), 0o755); err != nil {
		return fmt.Errorf("create the log directory: %w", err)
	}
	log, err := os.OpenFile(logPath(l), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the supervisor's log: %w", err)
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, "supervise", l.Dir)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	return cmd.Process.Release()
}

func logPath(l state.Lab) string { return filepath.Join(l.LogDir(), "supervisor.log") }

// lockTimeout bounds how long a new supervisor may take to acquire its lock.
const lockTimeout = 10 * time.Second

// IsRunning reports whether the lab has a supervisor.
func IsRunning(l state.Lab) bool { return flock.IsLocked(l.SupervisorLock()) }

// WaitReady waits until the lab's nodes are ready and copies the supervisor's output to out. It
// returns an error with the reason if the supervisor fails or is gone.
func WaitReady(ctx context.Context, l state.Lab, out io.Writer) error {
	if _, err := os.Stat(l.ReadyFile()); err == nil {
		return nil // already ready; its output was shown before
	}
	start, offset := time.Now(), int64(0)
	for {
		offset = copyNewOutput(logPath(l), offset, out)
		if _, err := os.Stat(l.ReadyFile()); err == nil {
			return nil
		}
		if reason, err := os.ReadFile(l.FailureFile()); err == nil {
			return fmt.Errorf("start lab %s: %s", l.Name, reason)
		}
		if !IsRunning(l) && time.Since(start) > lockTimeout {
			return fmt.Errorf("start lab %s: its supervisor has exited; see %s", l.Name, logPath(l))
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for lab %s", l.Name), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// copyNewOutput copies what was added to the file after offset, and returns the new offset.
func copyNewOutput(path string, offset int64, to io.Writer) int64 {
	f, err := os.Open(path)
	if err != nil {
		return offset
	}
	defer f.Close()
	n, _ := io.Copy(to, io.NewSectionReader(f, offset, 1<<20))
	return offset + n
}
