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

// Detach starts this program again as the lab's supervisor (`supervise DIR`), in
// a session of its own, so that it outlives its caller and its caller's terminal.
func Detach(l state.Lab) error {
	if err := os.MkdirAll(l.Logs(), 0o755); err != nil {
		return fmt.Errorf("make the log folder: %w", err)
	}
	log, err := os.OpenFile(logFile(l), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
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

func logFile(l state.Lab) string { return filepath.Join(l.Logs(), "supervisor.log") }

// startWithin is how long a new supervisor may take to hold its lock.
const startWithin = 10 * time.Second

// Alive says whether the lab has a supervisor.
func Alive(l state.Lab) bool { return flock.Held(l.Supervisor()) }

// Await waits until the lab's nodes are ready and tells say what the supervisor
// says meanwhile. A supervisor that fails or is gone is an error with its reason.
func Await(ctx context.Context, l state.Lab, say io.Writer) error {
	if _, err := os.Stat(l.Ready()); err == nil {
		return nil // it was up already, and has told its story
	}
	began, told := time.Now(), int64(0)
	for {
		told = follow(logFile(l), told, say)
		if _, err := os.Stat(l.Ready()); err == nil {
			return nil
		}
		if reason, err := os.ReadFile(l.Failed()); err == nil {
			return fmt.Errorf("bring up lab %s: %s", l.Name, reason)
		}
		if !Alive(l) && time.Since(began) > startWithin {
			return fmt.Errorf("bring up lab %s: its supervisor is gone; its log is %s", l.Name, logFile(l))
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for lab %s", l.Name), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// follow copies what was added to a file since told, and says how far it got.
func follow(path string, told int64, to io.Writer) int64 {
	f, err := os.Open(path)
	if err != nil {
		return told
	}
	defer f.Close()
	n, _ := io.Copy(to, io.NewSectionReader(f, told, 1<<20))
	return told + n
}
