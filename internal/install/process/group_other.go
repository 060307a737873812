// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package process

import "os/exec"

// group kills the command when its context ends. On this platform a command outlives a
// killed rerig: it finishes its install, which the next run repeats.
type group struct{ command *exec.Cmd }

func newGroup(command *exec.Cmd) (*group, error) { return &group{command: command}, nil }

func (g *group) kill() { _ = g.command.Process.Kill() }

func (g *group) close() {}
