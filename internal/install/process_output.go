// SPDX-License-Identifier: Apache-2.0

package install

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// said hears the lines of a program's two streams and keeps the last ones, to
// explain a failure with.
type said struct {
	mu   sync.Mutex
	say  func(string)
	last []string
}

// lines takes one stream apart into lines.
type lines struct {
	*said
	open string
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

// take hears one line. istioctl writes its last "Error: …" right behind a line
// of progress that has no end.
func (s *said) take(line string) {
	line = strings.TrimRight(colour.ReplaceAllString(line, ""), " \t")
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := strings.Index(line, "Error: "); at > 0 && line[at-1] != ' ' {
		s.keep(line[:at])
		line = line[at:]
	}
	s.keep(line)
}

// keep leaves out lines without a word, such as istioctl's drawing of a sail,
// and repetitions: it says again and again what it waits for.
func (s *said) keep(line string) {
	if !strings.ContainsFunc(line, unicode.IsLetter) || len(s.last) > 0 && s.last[len(s.last)-1] == line {
		return
	}
	if s.last = append(s.last, line); len(s.last) > keptLines {
		s.last = s.last[1:]
	}
	if s.say != nil {
		s.say(line)
	}
}
