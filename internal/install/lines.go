// SPDX-License-Identifier: Apache-2.0

package install

import (
	"regexp"
	"strings"
)

// lines takes a program's output apart into lines, hands each on, and keeps the
// last ones to explain a failure with. Only one goroutine writes to it: exec
// copies a command's two streams into the same writer through one pipe.
type lines struct {
	say  func(string)
	open string
	last []string
}

const keptLines = 12

var colour = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

func (l *lines) Write(p []byte) (int, error) {
	rest := l.open + string(p)
	for {
		end := strings.IndexAny(rest, "\n\r")
		if end < 0 {
			l.open = rest
			return len(p), nil
		}
		l.take(rest[:end])
		rest = rest[end+1:]
	}
}

// end hands on what was said without a newline behind it.
func (l *lines) end() {
	l.take(l.open)
	l.open = ""
}

// take leaves out empty lines and repetitions: istioctl says again and again
// what it waits for.
func (l *lines) take(line string) {
	line = strings.TrimRight(colour.ReplaceAllString(line, ""), " \t")
	if line == "" || len(l.last) > 0 && l.last[len(l.last)-1] == line {
		return
	}
	if l.last = append(l.last, line); len(l.last) > keptLines {
		l.last = l.last[1:]
	}
	if l.say != nil {
		l.say(line)
	}
}
