// SPDX-License-Identifier: Apache-2.0

package process

import (
	"slices"
	"sync"
	"syscall"
	"time"
)

// Stop sends SIGTERM to the service's process group, and SIGKILL after grace. With a grace of 0 it
// sends SIGKILL at once. A service that is not running is no error.
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

// StopAll stops all services concurrently, within about grace.
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

// Each component leads a process group of its own. A missing group is no error.

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
