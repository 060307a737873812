// SPDX-License-Identifier: Apache-2.0

package step

import "fmt"

// Fault is an error that neither a cluster nor its user can cause: a plan that
// contradicts itself.
type Fault struct{ What string }

func (f Fault) Error() string {
	return f.What + ": this is a fault of rerig itself. Nothing was written for this step. " +
		"Report it, with the output of `rerig status -o json`"
}

// NewFault returns the fault of a step that cannot be rendered.
func NewFault(s Step, format string, args ...any) error {
	return Fault{fmt.Sprintf("render %s: ", s) + fmt.Sprintf(format, args...)}
}
