// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package install

import (
	"os/exec"
)

// tie kills the command when its context ends. Here nothing ends it when this
// process is killed outright: it then finishes its install, which a repeated
// run repeats.
type tie struct{ command *exec.Cmd }

func newTie(command *exec.Cmd) (*tie, error) { return &tie{command: command}, nil }

func (t *tie) kill() { _ = t.command.Process.Kill() }

func (t *tie) cut() {}
