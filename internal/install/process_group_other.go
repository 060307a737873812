// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package install

import (
	"os/exec"
)

// processGroup kills the command when its context ends. On this platform a command outlives a
// killed rerig: it finishes its install, which the next run repeats.
type tie struct{ command *exec.Cmd }

func newTie(command *exec.Cmd) (*tie, error) { return &tie{command: command}, nil }

func (t *tie) kill() { _ = t.command.Process.Kill() }

func (t *tie) cut() {}
