// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// unquotedCommand is a command of ours that is not between backticks.
var unquotedCommand = regexp.MustCompile("(^|[^`])rerig (inventory|plan|prune|rollback|status|upgrade)\\b")

// completedCommands are where a command is completed by itself, not as a part of a text.
var completedCommands = map[string]bool{"internal/report/summary_components.go": true}

// TestPrintedCommandsAreQuoted checks that a command in a message is between backticks: only
// those are completed with the flags without which they do not work (internal/command).
func TestPrintedCommandsAreQuoted(t *testing.T) {
	for path, text := range tree(t, ".go") {
		file := repositoryPath(path)
		if !strings.HasPrefix(file, "internal/") || strings.HasSuffix(file, "_test.go") || completedCommands[file] {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, is := n.(*ast.BasicLit)
			// The help of commands is in raw strings.
			if is && literal.Kind == token.STRING && literal.Value[0] == '"' && unquotedCommand.MatchString(literal.Value[1:]) {
				t.Errorf("%s: write the command between backticks: %s", set.Position(literal.Pos()), literal.Value)
			}
			return true
		})
	}
}
