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

// restartDelay keeps a service that ends at once from spinning.
const restartDelay = time.Second

// service is one service and, when it restarts, its successive processes.
type service struct {
	component component.Component
	group     *Group
	ended     chan struct{} // closed when no process will follow
	stopping  chan struct{} // closed to end it
	stopOnce  sync.Once
	ready     atomic.Bool // one that never was is not started again

	mu  sync.Mutex
	cmd *exec.Cmd
	log *os.File
}

func (s *service) start() error {
	cmd, log, err := s.group.command(s.component)
	if err != nil {
		return err
	}
	if err := startOwned(cmd); err != nil {
		log.Close()
		return err
	}
	s.mu.Lock()
	s.cmd, s.log = cmd, log
	s.mu.Unlock()
	return nil
}

// watch waits for the process, and starts the next one where that is wanted.
func (s *service) watch() {
	defer close(s.ended)
	for {
		err := s.cmd.Wait()
		killGroup(s.cmd.Process.Pid) // what it had started goes with it
		s.log.Close()
		select {
		case <-s.stopping:
			return
		default:
		}
		s.group.logf("%s has ended: %v", s.component.Name, err)
		if s.component.Restart != component.Always || !s.ready.Load() {
			return
		}
		select {
		case <-s.stopping:
			return
		case <-time.After(restartDelay):
		}
		if err := s.start(); err != nil {
			s.group.logf("%s does not start again: %v", s.component.Name, err)
			return
		}
	}
}

func (s *service) isRunning() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *service) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// stop asks with SIGTERM, and after grace no longer asks.
func (s *service) stop(grace time.Duration) {
	s.stopOnce.Do(func() { close(s.stopping) })
	terminateGroup(s.pid())
	select {
	case <-s.ended:
		return
	case <-time.After(grace):
	}
	for {
		killGroup(s.pid())
		select {
		case <-s.ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
