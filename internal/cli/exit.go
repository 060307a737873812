// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
)

// The exit codes. Held has one of its own, so that a pipeline can tell a proof
// that failed from a command that could not be carried out.
const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitHeld        = 3
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    done, or nothing to do: everything is there already
  1    refused or failed: the message says what was found and what to do
  2    the command line, or the file, was not understood
  3    held: the run stopped, and the mesh is left as it is; 'rerig status' says why:
       a proof failed, or did not come in time; the install failed; what is left is
       not what was agreed to; labels have to be committed; a failing wave was put back
  130  interrupted between two writes; the same command goes on`

// usageError is a command line, or a file, that was not understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errHeld ends a command whose run is held; the page has said why.
var errHeld = errors.New("held")

// codeOf is the exit code for a command's error.
func codeOf(ctx context.Context, err error) int {
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
