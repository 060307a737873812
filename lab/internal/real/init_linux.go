// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/rerig/rerig/lab/internal/state"
)

// inheritedFiles are the pipe that tells readiness and the three open ports; they start at descriptor 3.
const inheritedFiles = 4

// Init is the first process in the namespaces: it lays out the file system,
// starts `inside boot`, and then does what only a first process can, collecting
// the dead that nobody else waits for (containerd leaves its shims to it).
func Init(l state.Lab) error {
	if err := pivotToRootfs(l); err != nil {
		return recordFailure(l, fmt.Errorf("lay out the lab's file system: %w", err))
	}
	cmd := exec.Command("/proc/self/exe", "inside", "boot", l.Dir)
	cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, "/"
	for i := range inheritedFiles {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(3+i), "inherited"))
	}
	if err := cmd.Start(); err != nil {
		return recordFailure(l, fmt.Errorf("start the lab's boot: %w", err))
	}
	return reapUntil(cmd.Process.Pid)
}

// reapUntil waits for every orphan until the process pid itself has ended.
func reapUntil(pid int) error {
	for {
		var status syscall.WaitStatus
		dead, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for the lab's processes: %w", err)
		}
		if dead == pid {
			return fmt.Errorf("the lab's boot has ended with status %d", status.ExitStatus())
		}
	}
}
