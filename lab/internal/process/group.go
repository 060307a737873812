// SPDX-License-Identifier: Apache-2.0

// Package process turns a recipe into processes, watches them, and ends them
// without leaving one behind.
package process

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

// Group is a set of running components. Its methods may be called from several goroutines.
type Group struct {
	// Logs is the folder of the log files, one a component, NAME.log.
	Logs string
	// Say, when not nil, is told a line when a component has come up or has ended.
	Log io.Writer

	mu         sync.Mutex
	services   map[string]*service
	startOrder []string
}

// Boot starts the recipe's components in order, each well before the next. On
// an error what was started goes on running: StopAll ends it.
func (g *Group) Boot(ctx context.Context, r component.List) error {
	for _, c := range r {
		if err := g.Start(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Start runs one component and waits: for a task until it has ended, for a
// service until its probe answers. A service that ends before that is an error
// which quotes the end of its log. ctx bounds the waiting, not the service.
func (g *Group) Start(ctx context.Context, c component.Component) error {
	began := time.Now()
	if c.Kind == component.Task {
		if err := g.runTask(ctx, c); err != nil {
			return fmt.Errorf("run %s: %w%s", c.Name, err, g.logTail(c.Name))
		}
		if took := time.Since(began); took > time.Second {
			g.logf("%s took %.1f s", c.Name, took.Seconds())
		}
		return nil
	}
	s, err := g.startService(c)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := waitReady(ctx, c.Probe, s.ended); err != nil {
		return fmt.Errorf("wait for %s: %w%s", c.Name, err, g.logTail(c.Name))
	}
	s.ready.Store(true)
	g.logf("%s is up after %.1f s", c.Name, time.Since(began).Seconds())
	return nil
}

// Running says whether the component of this name has a live process now.
func (g *Group) Running(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.services[name]
	return s != nil && s.isRunning()
}

// PID is the process id of a running component, 0 when it has none.
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
		return nil, fmt.Errorf("a component of this name is running")
	}
	s := &service{component: c, group: g, ended: make(chan struct{}), stopping: make(chan struct{})}
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
