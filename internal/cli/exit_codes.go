// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
)

// The exit codes. A held run has one of its own, so that a pipeline can tell a
// check that failed from a command that could not be carried out.
const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitHeld        = 3
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    done, or nothing to do because everything is in place already
  1    refused or failed: the message says what was found and what to do
  2    invalid command line or file
  3    held: the run stopped and left the mesh as it is; 'rerig status' says why:
       a check failed or timed out, the cluster refused a write, the install
       failed, the plan changed after its approval, labels must be committed, or
       a failing wave was rolled back
  130  interrupted between two writes; the same command continues`

// usageError is an invalid command line or file.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errHeld ends a command whose run is held; the last page has said why.
var errHeld = errors.New("held")

// exitCode returns the exit code for a command's error.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errHeld):
		return exitHeld
	case ctx.Err() != nil:
		return exitInterrupted
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitRefused
}
