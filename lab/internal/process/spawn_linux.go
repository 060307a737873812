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
