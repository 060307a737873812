// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/rerig/rerig/lab/internal/state"
)

// inheritedFiles is the number of inherited files: a pipe that reports readiness, and three open
// ports. They start at descriptor 3.
const inheritedFiles = 4

// Init is the first process in the namespaces. It sets up the file system, starts `inside boot`,
// and reaps orphans, because containerd leaves its shims to PID 1.
func Init(l state.Lab) error {
	if err := pivotToRootfs(l); err != nil {
		return recordFailure(l, fmt.Errorf("set up the lab's file system: %w", err))
	}
	cmd := exec.Command("/proc/self/exe", "inside", "boot", l.Dir)
	cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, "/"
	for i := range inheritedFiles {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(3+i), "inherited"))
	}
	if err := cmd.Start(); err != nil {
		return recordFailure(l, fmt.Errorf("start `inside boot`: %w", err))
	}
	return reapUntil(cmd.Process.Pid)
}

// reapUntil waits for every child and orphan until the process pid has ended.
func reapUntil(pid int) error {
	for {
		var status syscall.WaitStatus
		exited, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for child processes: %w", err)
		}
		if exited == pid {
			return fmt.Errorf("`inside boot` exited with status %d", status.ExitStatus())
		}
	}
}
