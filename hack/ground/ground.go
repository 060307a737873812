// SPDX-License-Identifier: Apache-2.0

// Package ground says which lab this machine can carry.
package ground

import (
	"os"
	"runtime"
)

// The sizes of the lab, and none.
const (
	Real   = "real"
	Hollow = "hollow"
	None   = ""
)

// Size is the size of the lab that this machine can carry: real nodes need Linux
// and root, the hollow ones Linux, and elsewhere there is no lab.
// RERIG_LAB_SIZE says otherwise.
func Size() string {
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
