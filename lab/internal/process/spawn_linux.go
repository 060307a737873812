// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// The kernel's parent-death signal is bound to the thread that forked, so one
// thread, which never ends, forks them all: then a lab whose supervisor is
// killed outright takes its processes along.
var (
	spawnOnce sync.Once
	spawns    chan func()
)

func spawn(cmd *exec.Cmd) error {
	spawnOnce.Do(func() {
		spawns = make(chan func())
		go func() {
			runtime.LockOSThread()
			for f := range spawns {
				f()
			}
		}()
	})
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	spawns <- func() { done <- cmd.Start() }
	return <-done
}
