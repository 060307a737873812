// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package install

import (
	"syscall"
)

// dyingWithParent: only Linux has the kernel kill a child with its parent; the
// tie's shell does it here.
func dyingWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
