// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rerig/rerig/lab/internal/state"
)

// Stop sends SIGTERM to the lab's supervisor, and SIGKILL after grace. It returns nil if the lab
// has no supervisor.
func Stop(l state.Lab, grace time.Duration) error {
	if !IsRunning(l) {
		return nil
	}
	pid, err := supervisorPID(l)
	if err != nil {
		return err
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("stop the supervisor of lab %s (process %d): %w", l.Name, pid, err)
		}
		for until := time.Now().Add(grace); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			if !IsRunning(l) {
				return nil
			}
		}
	}
	return fmt.Errorf("stop the supervisor of lab %s: process %d is still running", l.Name, pid)
}

// supervisorPID returns the process ID that the owner of the lock wrote into it.
func supervisorPID(l state.Lab) (int, error) {
	b, err := os.ReadFile(l.SupervisorLock())
	if err != nil {
		return 0, fmt.Errorf("find the supervisor of lab %s: %w", l.Name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("find the supervisor of lab %s: %w", l.Name, err)
	}
	return pid, nil
}
