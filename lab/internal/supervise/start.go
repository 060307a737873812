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

// Start starts this program again as the lab's supervisor (`supervise DIR`), in
// a session of its own, so that it outlives its caller and its caller's terminal.
func Start(l state.Lab) error {
	if err := os.MkdirAll(l.LogDir(), 0o755); err != nil {
		return fmt.Errorf("make the log folder: %w", err)
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

// lockTimeout is how long a new supervisor may take to hold its lock.
const lockTimeout = 10 * time.Second

// IsRunning says whether the lab has a supervisor.
func IsRunning(l state.Lab) bool { return flock.IsLocked(l.SupervisorLock()) }

// WaitReady waits until the lab's nodes are ready and tells say what the supervisor
// says meanwhile. A supervisor that fails or is gone is an error with its reason.
func WaitReady(ctx context.Context, l state.Lab, out io.Writer) error {
	if _, err := os.Stat(l.ReadyFile()); err == nil {
		return nil // it was up already, and has told its story
	}
	start, offset := time.Now(), int64(0)
	for {
		offset = copyNewOutput(logPath(l), offset, out)
		if _, err := os.Stat(l.ReadyFile()); err == nil {
			return nil
		}
		if reason, err := os.ReadFile(l.FailureFile()); err == nil {
			return fmt.Errorf("bring up lab %s: %s", l.Name, reason)
		}
		if !IsRunning(l) && time.Since(start) > lockTimeout {
			return fmt.Errorf("bring up lab %s: its supervisor is gone; its log is %s", l.Name, logPath(l))
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for lab %s", l.Name), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// copyNewOutput copies what was added to a file since told, and says how far it got.
func copyNewOutput(path string, offset int64, to io.Writer) int64 {
	f, err := os.Open(path)
	if err != nil {
		return offset
	}
	defer f.Close()
	n, _ := io.Copy(to, io.NewSectionReader(f, offset, 1<<20))
	return offset + n
}
