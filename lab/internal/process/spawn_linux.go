// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// The kernel's parent-death signal is bound to the thread that forked. One thread, which never
// ends, forks all processes, so that they die with the supervisor even if it is killed.
var (
	startThreadOnce sync.Once
	startRequests   chan func()
)

func startOwned(cmd *exec.Cmd) error {
	startThreadOnce.Do(func() {
		startRequests = make(chan func())
		go func() {
			runtime.LockOSThread()
			for f := range startRequests {
				f()
			}
		}()
	})
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	startRequests <- func() { done <- cmd.Start() }
	return <-done
}
