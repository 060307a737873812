// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package real

import (
	"context"
	"errors"
	"io"

	"github.com/rerig/rerig/lab/internal/state"
)

var errNeedsLinux = errors.New("a real lab needs Linux")

// Run fails: the real lab needs Linux.
func Run(context.Context, state.Lab, io.Writer, func() error) error { return errNeedsLinux }

// Init fails: the real lab needs Linux.
func Init(state.Lab) error { return errNeedsLinux }
