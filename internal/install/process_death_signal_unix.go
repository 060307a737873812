// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package install

import (
	"syscall"
)

// parentDeathSignal returns no attributes: only the Linux kernel kills a child with its parent. The
// leader of the processGroup does it here.
func dyingWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
