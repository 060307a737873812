// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const cliPage = "../../docs/reference/cli.md"

// TestCommandLinePage compares docs/reference/cli.md with the commands, or writes
// it with -update.
func TestCommandLinePage(t *testing.T) {
	got := commandLinePage((&app{}).command())
	if *update {
		if err := os.WriteFile(cliPage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(cliPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date (-page +commands): run make generate\n%s", cliPage, diff)
	}
}

func commandLinePage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("<!-- Generated from internal/cli by make generate. Do not edit. -->\n# Command line\n\n")
	fmt.Fprintf(&b, "%s\n\n| Command | |\n| --- | --- |\n", description(root))
	for _, c := range commands(root) {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
	}
	b.WriteString("\nThe exit codes are listed in [exit-codes.md](exit-codes.md), " +
		"the output of `-o json` in [json-output.md](json-output.md).\n")
	b.WriteString("\n## Flags of every command\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, c := range commands(root) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), description(c), c.UseLine())
		if c.Example != "" {
			fmt.Fprintf(&b, "\nExamples:\n\n```sh\n%s\n```\n", unindent(c.Example))
		}
		writeCommandFlags(&b, c)
	}
	return b.String()
}

// writeCommandFlags writes a table of a command's flags. Those of plan are those of
// upgrade, but for a few.
func writeCommandFlags(b *strings.Builder, c *cobra.Command) {
	if !c.HasAvailableLocalFlags() {
		return
	}
	b.WriteString("\n")
	if c.Name() != "plan" {
		writeFlags(b, c.LocalNonPersistentFlags())
		return
	}
	upgrade, _, err := c.Root().Find([]string{"upgrade"})
	if err != nil {
		panic(err)
	}
	own, other := c.LocalNonPersistentFlags(), upgrade.LocalNonPersistentFlags()
	only := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.VisitAll(func(f *pflag.Flag) {
		if other.Lookup(f.Name) == nil {
			only.AddFlag(f)
		}
	})
	var missing []string
	other.VisitAll(func(f *pflag.Flag) {
		if own.Lookup(f.Name) == nil {
			missing = append(missing, "`--"+f.Name+"`")
		}
	})
	fmt.Fprintf(b, "It has the flags of [`rerig upgrade`](#rerig-upgrade) except %s, and:\n\n", strings.Join(missing, " and "))
	writeFlags(b, only)
}

func commands(root *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			list = append(list, c)
		}
	}
	return list
}

// description returns a command's long description without the exit codes. An
// indented list becomes a code block.
func description(c *cobra.Command) string {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, exitHelp, ""))
	var blocks []string
	for _, block := range strings.Split(text, "\n\n") {
		if strings.HasPrefix(block, "  ") {
			block = "```\n" + unindent(block) + "\n```"
		}
		blocks = append(blocks, block)
	}
	return strings.Join(blocks, "\n\n")
}

func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(b *strings.Builder, set *pflag.FlagSet) {
	b.WriteString("| Flag | |\n| --- | --- |\n")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
			usage += " (default " + d + ")"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(name, "|", "\\|"), strings.ReplaceAll(usage, "|", "\\|"))
	})
}
