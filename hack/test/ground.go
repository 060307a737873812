// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
)

// labSize is the size of the lab that this machine can carry: real nodes need
// Linux and root, the hollow ones Linux, and elsewhere there is no lab.
// RERIG_LAB_SIZE says otherwise.
func labSize() string {
	switch size := os.Getenv("RERIG_LAB_SIZE"); {
	case size != "":
		return size
	case runtime.GOOS != "linux":
		return ""
	case os.Geteuid() == 0:
		return "real"
	}
	return "hollow"
}
