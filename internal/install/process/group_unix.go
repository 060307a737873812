// SPDX-License-Identifier: Apache-2.0

//go:build unix

package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// group ends a command together with this process. A shell leads the command's process
// group and reads from a pipe whose other end only this process has open. When this process ends,
// for whatever reason, the read returns and the shell kills the group: the command, its children
// (--istioctl may name a wrapper script), and itself.
type group struct {
	leader *exec.Cmd
	pipe   *os.File
}

func newGroup(command *exec.Cmd) (*group, error) {
	read, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("create the pipe that binds %s to this process: %w", command.Path, err)
	}
	defer read.Close()
	shell := exec.Command("/bin/sh", "-c", "read _; kill -9 0")
	shell.Stdin = read
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		held.Close()
		return nil, fmt.Errorf("start the shell that binds %s to this process: %w", command.Path, err)
	}
	command.SysProcAttr = parentDeathSignal()
	command.SysProcAttr.Setpgid = true
	command.SysProcAttr.Pgid = shell.Process.Pid
	return &group{leader: shell, pipe: held}, nil
}

func (g *group) kill() { _ = syscall.Kill(-g.leader.Process.Pid, syscall.SIGKILL) }

// close ends the shell, and whatever the command left running.
func (g *group) close() {
	g.kill()
	_ = g.leader.Wait()
	_ = g.pipe.Close()
}
