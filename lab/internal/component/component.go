// SPDX-License-Identifier: Apache-2.0

// Package component describes the processes of a lab as data: the program, its arguments and files,
// and its readiness probe. Package process runs them.
package component

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Kind defines the lifetime of a component.
type Kind string

// The kinds of components. The zero Kind is Service.
const (
	// Service runs as long as the lab.
	Service Kind = "service"
	// Task runs once. It must exit with code 0 before the next component starts.
	Task Kind = "task"
)

// Restart defines what happens when a Service exits by itself.
type Restart string

// The restart policies. The zero Restart is Never.
const (
	// Never leaves the service stopped.
	Never Restart = "never"
	// Always restarts the service after one second, if its probe succeeded before.
	Always Restart = "always"
)

// Component is one process of a lab.
type Component struct {
	// Name is unique in a list. The log file is named after it.
	Name string
	Kind Kind
	// Binary is an absolute path, or a name to find in PATH.
	Binary string
	Args   []string
	// Env is the complete environment, as KEY=VALUE. Nothing is inherited.
	Env []string
	// Dir is the working directory. It is created when missing.
	Dir string
	// Files are written before each start, together with their directories.
	Files []File
	Probe Probe
	// Restart applies to services only.
	Restart Restart
}

// File is written just before its component starts.
type File struct {
	Path    string
	Content string
	// Mode defaults to 0644.
	Mode fs.FileMode
}

// Probe tells when a service is ready. With the zero Probe it is ready at once.
type Probe struct {
	// URL is http(s)://… (any status below 400; certificates are not verified), tcp://host:port
	// or unix:///path (a connection is accepted), or file:///path (the file exists).
	URL string
	// Timeout bounds how long the service may take to become ready. It defaults to 30 s.
	Timeout time.Duration
}

// List is an ordered list of components. Each is ready before the next one starts.
type List []Component

// String renders the list for people and golden files: one block per component, one argument per
// line.
func (l List) String() string {
	var b strings.Builder
	for _, c := range l {
		c.writeTo(&b)
	}
	return b.String()
}

func (c Component) writeTo(b *strings.Builder) {
	kind := c.Kind
	if kind == "" {
		kind = Service
	}
	fmt.Fprintf(b, "%s %s: %s\n", kind, c.Name, c.Binary)
	for _, a := range c.Args {
		fmt.Fprintf(b, "  %s\n", a)
	}
	for _, e := range c.Env {
		fmt.Fprintf(b, "  env %s\n", e)
	}
	if c.Dir != "" {
		fmt.Fprintf(b, "  directory %s\n", c.Dir)
	}
	for _, f := range c.Files {
		body := strings.TrimSuffix(f.Content, "\n")
		fmt.Fprintf(b, "  file %s\n    | %s\n", f.Path, strings.ReplaceAll(body, "\n", "\n    | "))
	}
	if c.Probe.URL != "" {
		fmt.Fprintf(b, "  ready when %s answers\n", c.Probe.URL)
	}
	if c.Restart == Always {
		b.WriteString("  restart always\n")
	}
}
