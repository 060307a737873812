// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/install"
)

// noArguments refuses arguments.
func noArguments(_ *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	return fmt.Errorf("read the command line: unexpected argument %q", arguments[0])
}

// revisionByFlag refuses arguments of a command that takes its revision by --to, and prints
// the command line with that flag.
func (a *app) revisionByFlag(cmd *cobra.Command, arguments []string) error {
	err := noArguments(cmd, arguments)
	if len(arguments) != 1 || cmd.Flags().Changed("to") || cmd.Flags().Changed("file") {
		return err
	}
	revision := strings.TrimPrefix(arguments[0], "to-") // the name of a run
	if install.ValidateRevisionName(revision) != nil {
		revision = install.RevisionName(revision) // a version
	}
	at := a.positionOf(cmd, arguments[0])
	if install.ValidateRevisionName(revision) != nil || at < 0 {
		return err
	}
	words := slices.Concat([]string{"rerig"}, a.arguments[:at], []string{"--to", revision}, a.arguments[at+1:])
	return fmt.Errorf("%w: name the revision with --to: `%s`", err, command.Join(words...))
}

// positionOf returns where a word of the command line is an argument, not the value of a
// flag; -1 for nowhere.
func (a *app) positionOf(cmd *cobra.Command, argument string) int {
	for i, word := range a.arguments {
		if word == argument && (i == 0 || !takesValue(cmd, a.arguments[i-1])) {
			return i
		}
	}
	return -1
}

// takesValue reports whether the word after this one is its value.
func takesValue(cmd *cobra.Command, word string) bool {
	flag := cmd.Flags().Lookup(strings.TrimPrefix(word, "--"))
	if len(word) == 2 {
		flag = cmd.Flags().ShorthandLookup(word[1:])
	}
	return strings.HasPrefix(word, "-") && flag != nil && flag.NoOptDefVal == ""
}
