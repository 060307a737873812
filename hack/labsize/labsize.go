// SPDX-License-Identifier: Apache-2.0

// Package labsize chooses the size of the lab for this machine.
package labsize

import (
	"os"
	"runtime"
)

// The sizes of the lab. None means that this machine cannot run a lab.
const (
	Real   = "real"
	Hollow = "hollow"
	None   = ""
)

// Detect returns the largest lab size that this machine can run: Real for root
// on Linux, Hollow for other users on Linux, None elsewhere. RERIG_LAB_SIZE
// overrides it.
func Detect() string {
	switch size := os.Getenv("RERIG_LAB_SIZE"); {
	case size != "":
		return size
	case runtime.GOOS != "linux":
		return None
	case os.Geteuid() == 0:
		return Real
	}
	return Hollow
}
