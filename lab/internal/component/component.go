// SPDX-License-Identifier: Apache-2.0

// Package component describes the processes of a lab as data: what to run,
// with which arguments and files, and how to see that it is well. It starts
// nothing; package process is the one effect that does.
package component

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Kind says what a component's end means.
type Kind string

const (
	// Service runs for as long as the lab does; the zero Kind is a Service.
	Service Kind = "service"
	// Task runs once and must end with exit code 0 before the next component starts.
	Task Kind = "task"
)

// Restart says what happens when a Service ends by itself.
type Restart string

const (
	// Never leaves an ended service ended; the zero Restart is Never.
	Never Restart = "never"
	// Always starts it anew after a second, for as long as the lab runs, once its probe has answered.
	Always Restart = "always"
)

// Component is one process of a lab.
type Component struct {
	// Name is unique in a recipe; the log file is called after it.
	Name string
	Kind Kind
	// Binary is an absolute path, or a name to be found in PATH.
	Binary string
	Args   []string
	// Env is the whole environment, KEY=VALUE; nothing is inherited.
	Env []string
	// Dir is the working directory, made when missing.
	Dir string
	// Files are written before each start, their folders made.
	Files []File
	Probe Probe
	// Restart is for services alone.
	Restart Restart
}

// File is something a component reads, written just before it starts.
type File struct {
	Path    string
	Content string
	// Mode is 0644 when zero.
	Mode fs.FileMode
}

// Probe tells when a service is well. The zero Probe is well at once.
type Probe struct {
	// URL is http(s)://… (any status under 400; certificates are not checked),
	// tcp://host:port or unix:///path (something accepts), or file:///path (it exists).
	URL string
	// Within is how long the service may take; 30 s when zero.
	Timeout time.Duration
}

// List is a boot: its components start in this order, each well before the next.
type List []Component

// String renders the recipe for a person and for golden tests: one block a
// component, one argument a line, file contents indented.
func (r List) String() string {
	var b strings.Builder
	for _, c := range r {
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
		fmt.Fprintf(b, "  in %s\n", c.Dir)
	}
	for _, f := range c.Files {
		body := strings.TrimSuffix(f.Content, "\n")
		fmt.Fprintf(b, "  file %s\n    | %s\n", f.Path, strings.ReplaceAll(body, "\n", "\n    | "))
	}
	if c.Probe.URL != "" {
		fmt.Fprintf(b, "  well when %s answers\n", c.Probe.URL)
	}
	if c.Restart == Always {
		b.WriteString("  restarted always\n")
	}
}
