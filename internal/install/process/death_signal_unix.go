// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package process

import (
	"syscall"
)

// parentDeathSignal returns no attributes: only the Linux kernel kills a child with its parent. The
// group's leader does it here.
func parentDeathSignal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
