// SPDX-License-Identifier: Apache-2.0

package process

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// outputTail logs the lines of a program's two output streams and keeps the last ones, to explain a
// failure.
type outputTail struct {
	mu    sync.Mutex
	log   func(string)
	lines []string
}

// lineWriter splits one output stream into lines.
type lineWriter struct {
	*outputTail
	partial string
}

const maxTailLines = 12

var ansiEscape = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

func (l *lineWriter) Write(p []byte) (int, error) {
	rest := l.partial + string(p)
	for {
		end := strings.IndexAny(rest, "\n\r")
		if end < 0 {
			l.partial = rest
			return len(p), nil
		}
		l.addLine(rest[:end])
		rest = rest[end+1:]
	}
}

// flush emits output that does not end with a newline.
func (l *lineWriter) flush() {
	l.addLine(l.partial)
	l.partial = ""
}

// addLine handles one line. istioctl writes its last "Error: …" directly behind a progress line
// without a newline.
func (t *outputTail) addLine(line string) {
	line = strings.TrimRight(ansiEscape.ReplaceAllString(line, ""), " \t")
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := strings.Index(line, "Error: "); at > 0 && line[at-1] != ' ' {
		t.appendLine(line[:at])
		line = line[at:]
	}
	t.appendLine(line)
}

// appendLine drops lines without a letter, such as istioctl's drawing of a sail, and repeated
// lines: istioctl repeats what it waits for.
func (t *outputTail) appendLine(line string) {
	if !strings.ContainsFunc(line, unicode.IsLetter) || len(t.lines) > 0 && t.lines[len(t.lines)-1] == line {
		return
	}
	if t.lines = append(t.lines, line); len(t.lines) > maxTailLines {
		t.lines = t.lines[1:]
	}
	if t.log != nil {
		t.log(line)
	}
}
