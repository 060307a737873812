// SPDX-License-Identifier: Apache-2.0

package install

import (
	"syscall"
)

// parentDeathSignal has the kernel kill a child when the thread that forked it
// ends: it needs nobody's help, but reaches only the child itself.
func parentDeathSignal() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
