// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/guide.md names every flag.
func TestTheGuideNamesEveryFlag(t *testing.T) {
	page, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, flags, found := strings.Cut(string(page), "\n## Flags\n")
	if !found {
		t.Fatal("docs/guide.md has no section Flags")
	}
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !strings.Contains(flags, "`--"+f.Name) && !strings.Contains(flags, "`-"+f.Shorthand+" ") {
				t.Errorf("docs/guide.md does not name --%s of %s", f.Name, c.CommandPath())
			}
		})
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	look(command(Streams{}, nil, nil))
}
