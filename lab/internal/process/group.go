// SPDX-License-Identifier: Apache-2.0

// Package process runs components as processes, restarts them, and stops them without leaving any
// behind.
package process

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

// Group is a set of running components. It is safe for concurrent use.
type Group struct {
	// Logs is the directory of the log files. Each component writes NAME.log.
	Logs string
	// Log receives a line when a component is ready or has exited. Nil discards it.
	Log io.Writer

	mu         sync.Mutex
	services   map[string]*service
	startOrder []string
}

// Boot starts the components in order, each after the previous one is ready. After an error,
// StopAll stops those that were started.
func (g *Group) Boot(ctx context.Context, r component.List) error {
	for _, c := range r {
		if err := g.Start(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Start starts one component. It waits until a task has exited, or until the probe of a service
// succeeds. If a service exits before, the error quotes the end of its log. ctx bounds the waiting,
// not the service.
func (g *Group) Start(ctx context.Context, c component.Component) error {
	start := time.Now()
	if c.Kind == component.Task {
		if err := g.runTask(ctx, c); err != nil {
			return fmt.Errorf("run %s: %w%s", c.Name, err, g.logTail(c.Name))
		}
		if took := time.Since(start); took > time.Second {
			g.logf("%s: completed in %.1f s", c.Name, took.Seconds())
		}
		return nil
	}
	s, err := g.startService(c)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := waitReady(ctx, c.Probe, s.exited); err != nil {
		return fmt.Errorf("wait for %s: %w%s", c.Name, err, g.logTail(c.Name))
	}
	s.ready.Store(true)
	g.logf("%s: ready after %.1f s", c.Name, time.Since(start).Seconds())
	return nil
}

// Running reports whether the named component has a running process.
func (g *Group) Running(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.services[name]
	return s != nil && s.isRunning()
}

// PID returns the process ID of a running component, or 0.
func (g *Group) PID(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.services[name]; s != nil && s.isRunning() {
		return s.pid()
	}
	return 0
}

func (g *Group) startService(c component.Component) (*service, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.services[c.Name]; old != nil && old.isRunning() {
		return nil, fmt.Errorf("a component with this name is already running")
	}
	s := &service{component: c, group: g, exited: make(chan struct{}), stopping: make(chan struct{})}
	if err := s.start(); err != nil {
		return nil, err
	}
	if g.services == nil {
		g.services = map[string]*service{}
	}
	g.services[c.Name] = s
	g.startOrder = append(g.startOrder, c.Name)
	go s.watch()
	return s, nil
}

func (g *Group) runTask(ctx context.Context, c component.Component) error {
	cmd, log, err := g.command(c)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := startOwned(cmd); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		killGroup(cmd.Process.Pid)
		<-done
		return ctx.Err()
	}
}

func (g *Group) logf(format string, args ...any) {
	if g.Log != nil {
		fmt.Fprintf(g.Log, format+"\n", args...)
	}
}
