// SPDX-License-Identifier: Apache-2.0

package process

import (
	"slices"
	"sync"
	"syscall"
	"time"
)

// Stop ends one service: SIGTERM to its process group, SIGKILL after grace.
// A grace of 0 is SIGKILL at once. One that isn't running is not an error.
func (g *Group) Stop(name string, grace time.Duration) {
	g.mu.Lock()
	s := g.services[name]
	delete(g.services, name)
	g.startOrder = slices.DeleteFunc(g.startOrder, func(n string) bool { return n == name })
	g.mu.Unlock()
	if s != nil {
		s.stop(grace)
	}
}

// StopAll ends every service, the last started first, all within about grace.
func (g *Group) StopAll(grace time.Duration) {
	g.mu.Lock()
	names := slices.Clone(g.startOrder)
	g.mu.Unlock()
	slices.Reverse(names)
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Go(func() { g.Stop(n, grace) })
	}
	wg.Wait()
}

// Every component leads a process group of its own; a group that is gone is no error.

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
