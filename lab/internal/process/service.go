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

// restartDelay keeps a service that exits at once from restarting in a tight loop.
const restartDelay = time.Second

// service is a running service component. It may have several processes in succession.
type service struct {
	component component.Component
	group     *Group
	exited    chan struct{} // closed when no process will follow
	stopping  chan struct{} // closed to stop it
	stopOnce  sync.Once
	ready     atomic.Bool // a service that never was ready is not restarted

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

// watch waits for the process to exit and starts the next one if the restart policy asks for it.
func (s *service) watch() {
	defer close(s.exited)
	for {
		err := s.cmd.Wait()
		killGroup(s.cmd.Process.Pid) // its child processes end with it
		s.log.Close()
		select {
		case <-s.stopping:
			return
		default:
		}
		s.group.logf("%s exited: %v", s.component.Name, err)
		if s.component.Restart != component.Always || !s.ready.Load() {
			return
		}
		select {
		case <-s.stopping:
			return
		case <-time.After(restartDelay):
		}
		if err := s.start(); err != nil {
			s.group.logf("%s: restart failed: %v", s.component.Name, err)
			return
		}
	}
}

func (s *service) isRunning() bool {
	select {
	case <-s.exited:
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

// stop sends SIGTERM, and SIGKILL after grace until the process has exited.
func (s *service) stop(grace time.Duration) {
	s.stopOnce.Do(func() { close(s.stopping) })
	terminateGroup(s.pid())
	select {
	case <-s.exited:
		return
	case <-time.After(grace):
	}
	for {
		killGroup(s.pid())
		select {
		case <-s.exited:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
