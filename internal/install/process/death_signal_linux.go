// SPDX-License-Identifier: Apache-2.0

package process

import (
	"syscall"
)

// parentDeathSignal returns attributes with which the kernel kills a child when the thread that
// forked it ends. It does not reach the child's own children.
func parentDeathSignal() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
