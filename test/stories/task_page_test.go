// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// taskPage is a page of docs/tasks: the variables that a reader sets and the commands to run.
type taskPage struct {
	variables []string
	commands  []pageCommand
	headings  []string
}

// pageCommand is a command of a page with the output to expect. If interrupt is set, the command
// is interrupted once before was seen; want is what follows.
type pageCommand struct {
	line      int
	text      string
	interrupt bool
	before    string
	want      string
}

var (
	fence          = regexp.MustCompile("^( *)```(.*)$")
	shellVariable  = regexp.MustCompile(`^([A-Z]+)=\S`)
	sectionHeading = regexp.MustCompile(`^## (.+)$`)
)

// parseTaskPage reads the fenced blocks of a page: console blocks hold commands and their output,
// sh blocks hold variables. Other blocks are not run.
func parseTaskPage(text string) (taskPage, error) {
	var page taskPage
	block, indent := "", ""
	for i, line := range strings.Split(text, "\n") {
		if m := fence.FindStringSubmatch(line); m != nil {
			switch {
			case block != "":
				block = ""
			case m[2] == "console" || m[2] == "sh" || m[2] == "yaml" || m[2] == "text":
				block, indent = m[2], m[1]
			default:
				return page, fmt.Errorf("line %d: unknown block %q", i+1, m[2])
			}
			continue
		}
		line = strings.TrimPrefix(line, indent)
		switch block {
		case "":
			if m := sectionHeading.FindStringSubmatch(line); m != nil {
				page.headings = append(page.headings, m[1])
			}
		case "sh":
			m := shellVariable.FindStringSubmatch(line)
			if m == nil {
				return page, fmt.Errorf("line %d: a sh block sets variables, got %q", i+1, line)
			}
			page.variables = append(page.variables, m[1])
		case "console":
			if err := page.consoleLine(i+1, line); err != nil {
				return page, err
			}
		}
	}
	if block != "" {
		return page, fmt.Errorf("a %s block is not closed", block)
	}
	return page, nil
}

func (p *taskPage) consoleLine(number int, line string) error {
	if command, ok := strings.CutPrefix(line, "$ "); ok {
		p.commands = append(p.commands, pageCommand{line: number, text: command})
		return nil
	}
	if len(p.commands) == 0 {
		return fmt.Errorf("line %d: output without a command", number)
	}
	c := &p.commands[len(p.commands)-1]
	switch more, continued := strings.CutPrefix(line, "> "); {
	case continued && c.want == "" && !c.interrupt:
		c.text += "\n" + more
	case line == "^C":
		c.interrupt, c.before, c.want = true, c.want, ""
	default:
		c.want += line + "\n"
	}
	return nil
}

// matchesLoosely reports whether the output has what a page shows, in the same order. An ellipsis
// in the page matches anything; whitespace is not compared.
func matchesLoosely(got, want string) error {
	rest := strings.Join(strings.Fields(got), " ")
	for _, part := range strings.Split(want, "…") {
		part = strings.Join(strings.Fields(part), " ")
		_, after, found := strings.Cut(rest, part)
		if !found {
			return fmt.Errorf("got no %q", part)
		}
		rest = after
	}
	return nil
}

// TestHarnessParsesTaskPages shows what is read of a page.
func TestHarnessParsesTaskPages(t *testing.T) {
	page, err := parseTaskPage(strings.Join([]string{
		"# Title", "", "## Steps", "```sh", "SOAK=10m   # a comment", "```", "1. Text.", "",
		"   ```console", "   $ first --flag", "   out …", "   more", "   $ second", "   > continued", "   seen", "   ^C", "   after", "   ```",
		"```yaml", "$ not: a command", "```",
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []pageCommand{
		{line: 10, text: "first --flag", want: "out …\nmore\n"},
		{line: 13, text: "second\ncontinued", interrupt: true, before: "seen\n", want: "after\n"},
	}
	if !slices.Equal(page.commands, want) || !slices.Equal(page.variables, []string{"SOAK"}) ||
		!slices.Equal(page.headings, []string{"Steps"}) {
		t.Errorf("got %+v, want %+v", page, want)
	}
	for _, bad := range []string{"```console\nout\n```", "```sh\nmake\n```", "```console\n$ a", "```python\n```"} {
		if _, err := parseTaskPage(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestHarnessMatchesLoosely shows what is compared of a command's output.
func TestHarnessMatchesLoosely(t *testing.T) {
	const got = "Run  to-1\nPhase Completed\nlast line\n"
	for _, c := range []struct {
		name, want string
		matches    bool
	}{
		{"nothing shown", "", true},
		{"exact", "Run to-1\nPhase   Completed", true},
		{"ellipsis over lines", "Run …\nlast line", true},
		{"ellipsis within a line", "Phase Com…\n", true},
		{"wrong order", "last line … Run", false},
		{"adjacent lines", "Run to-1\nlast line", false},
		{"missing", "Held", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := matchesLoosely(got, c.want); (err == nil) != c.matches {
				t.Errorf("got %v, want a match: %t", err, c.matches)
			}
		})
	}
}
