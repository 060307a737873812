// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

// restartAfter keeps a service that ends at once from spinning.
const restartAfter = time.Second

// child is one service and, when it restarts, its successive processes.
type child struct {
	component component.Component
	group     *Group
	ended     chan struct{} // closed when no process will follow
	stop      chan struct{} // closed to end it
	stopOnce  sync.Once
	well      atomic.Bool // one that never was is not started again

	mu  sync.Mutex
	cmd *exec.Cmd
	log *os.File
}

func (ch *child) spawn() error {
	cmd, log, err := ch.group.command(ch.component)
	if err != nil {
		return err
	}
	if err := spawn(cmd); err != nil {
		log.Close()
		return err
	}
	ch.mu.Lock()
	ch.cmd, ch.log = cmd, log
	ch.mu.Unlock()
	return nil
}

// watch waits for the process, and starts the next one where that is wanted.
func (ch *child) watch() {
	defer close(ch.ended)
	for {
		err := ch.cmd.Wait()
		killGroup(ch.cmd.Process.Pid) // what it had started goes with it
		ch.log.Close()
		select {
		case <-ch.stop:
			return
		default:
		}
		ch.group.say("%s has ended: %v", ch.component.Name, err)
		if ch.component.Restart != component.Always || !ch.well.Load() {
			return
		}
		select {
		case <-ch.stop:
			return
		case <-time.After(restartAfter):
		}
		if err := ch.spawn(); err != nil {
			ch.group.say("%s does not start again: %v", ch.component.Name, err)
			return
		}
	}
}

func (ch *child) alive() bool {
	select {
	case <-ch.ended:
		return false
	default:
		return true
	}
}

func (ch *child) pid() int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.cmd.Process.Pid
}

// end asks with SIGTERM, and after grace no longer asks.
func (ch *child) end(grace time.Duration) {
	ch.stopOnce.Do(func() { close(ch.stop) })
	terminateGroup(ch.pid())
	select {
	case <-ch.ended:
		return
	case <-time.After(grace):
	}
	for {
		killGroup(ch.pid())
		select {
		case <-ch.ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
