// SPDX-License-Identifier: Apache-2.0

package component

import (
	"fmt"
	"strings"
)

// String renders the recipe for a person and for golden tests: one block a
// component, one argument a line, file contents indented.
func (r Recipe) String() string {
	var b strings.Builder
	for _, c := range r {
		c.print(&b)
	}
	return b.String()
}

func (c Component) print(b *strings.Builder) {
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
