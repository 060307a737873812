// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// Every component leads a process group of its own; a group that is gone is no error.

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
