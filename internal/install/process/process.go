// SPDX-License-Identifier: Apache-2.0

// Package process runs a program that must not outlive this one.
package process

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Run runs a program that must not outlive this process, with input as its standard input.
// It returns the last lines of its output. When the context ends, the program and all its children
// are killed.
func Run(ctx context.Context, path string, arguments []string, input string, say func(string)) ([]string, error) {
	tail := &outputTail{log: say}
	output, complaints := &lineWriter{outputTail: tail}, &lineWriter{outputTail: tail}
	command := exec.Command(path, arguments...)
	command.Stdin = strings.NewReader(input)
	command.Stdout, command.Stderr = output, complaints
	command.WaitDelay = 5 * time.Second // for children that inherited its output

	ended := make(chan error, 1)
	together, err := newGroup(command)
	if err != nil {
		return nil, err
	}
	defer together.close()
	started := make(chan error, 1)
	go func() {
		// The kernel sends the death signal when the forking thread ends, so this
		// thread is locked until the program has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			ended <- command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
		together.kill()
		<-ended
		err = ctx.Err()
	}
	output.flush()
	complaints.flush()
	return tail.lines, err
}
