// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown returns the text that a terminal shows, without looks.
func shown(t *terminal) []string {
	var list []string
	for _, l := range t.lines() {
		text := ""
		for _, s := range l {
			text += strings.Repeat(" ", s.column-len([]rune(text))) + s.text
		}
		list = append(list, text)
	}
	for len(list) > 0 && list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list
}

func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		name, output string
		want         []string
	}{
		{name: "lines", output: "one\r\ntwo\r\n", want: []string{"one", "two"}},
		{name: "redrawn in place", output: "one\r\ntwo\r\n\r\x1b[2Athree\x1b[K\r\n\x1b[J", want: []string{"three"}},
		{name: "erased to the end of the line", output: "longer\r\x1b[1Ashort\r\x1b[Kx", want: []string{"x"}},
		{name: "scrolls", output: "1\r\n2\r\n3\r\n4\r\n5", want: []string{"3", "4", "5"}},
		{name: "wraps", output: "1234567890abc", want: []string{"1234567890", "abc"}},
		{name: "modes are ignored", output: "\x1b[?2026hone\x1b[?2026l", want: []string{"one"}},
		{name: "colours take no columns", output: "\x1b[32mgreen\x1b[0m…", want: []string{"green…"}},
		{name: "trailing spaces", output: "one   ", want: []string{"one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			terminal := newTerminal(10, 3)
			terminal.write(c.output)
			if got := shown(terminal); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTerminalKeepsLooks(t *testing.T) {
	terminal := newTerminal(20, 1)
	terminal.write("a\x1b[1;31mb\x1b[0m\x1b[2mc\x1b[0m")
	want := line{
		{column: 0, text: "a"}, {column: 1, text: "b", look: look{color: "31", bold: true}}, {column: 2, text: "c", look: look{dim: true}},
	}
	if got := terminal.lines()[0]; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRecordingIsRejected(t *testing.T) {
	for _, c := range []struct{ name, data string }{
		{name: "empty", data: ""},
		{name: "another version", data: `{"version": 3, "width": 80, "height": 24}`},
		{name: "without a size", data: `{"version": 2}`},
		{name: "broken line", data: `{"version": 2, "width": 80, "height": 24}` + "\n[1, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseRecording([]byte(c.data)); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

func TestFramesAreRetimed(t *testing.T) {
	at := func(times ...time.Duration) []frame {
		var list []frame
		for _, d := range times {
			list = append(list, frame{at: d})
		}
		return list
	}
	var got []time.Duration
	for _, f := range retimed(at(time.Second, 3*time.Second, 3020*time.Millisecond, 60*time.Second), 2, 4*time.Second) {
		got = append(got, f.at)
	}
	if want := []time.Duration{0, time.Second, 5 * time.Second}; !slices.Equal(got, want) {
		t.Errorf("times: got %v, want %v", got, want)
	}
}

func TestFrameAtTime(t *testing.T) {
	frames := []frame{{at: time.Second}, {at: 2 * time.Second}, {at: 4 * time.Second}}
	for _, c := range []struct {
		name     string
		at, want time.Duration
	}{
		{name: "before the first", at: 0, want: time.Second},
		{name: "between two", at: 3 * time.Second, want: 2 * time.Second},
		{name: "the end", at: -1, want: 4 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := frameAt(frames, c.at).at; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// drawingOf runs the command on the recording in testdata.
func drawingOf(t *testing.T, arguments ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.svg")
	fixed := []string{"-in", "testdata/run.cast", "-out", out, "-title", "rerig upgrade --to <revision>"}
	if err := run(append(fixed, arguments...)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestDrawingsAreDeterministic(t *testing.T) {
	for _, c := range []struct {
		name      string
		arguments []string
		want      []string
		animated  bool
	}{
		{name: "still", arguments: []string{"-still", "-at", "12s"}, want: []string{"verifying", "StatefulSet shop-data/db", "&lt;revision&gt;"}},
		{name: "animation", want: []string{"installing", "verifying", "nothing is left to do"}, animated: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			svg := drawingOf(t, c.arguments...)
			decoder := xml.NewDecoder(strings.NewReader(svg))
			for {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range c.want {
				if !strings.Contains(svg, want) {
					t.Errorf("want %q in the drawing", want)
				}
			}
			if got := strings.Contains(svg, "<animate "); got != c.animated {
				t.Errorf("animated: got %t, want %t", got, c.animated)
			}
			if again := drawingOf(t, c.arguments...); again != svg {
				t.Error("got another drawing from the same recording")
			}
		})
	}
}

func TestFramesShareTheirLines(t *testing.T) {
	text := func(s string) line { return line{{text: s}} }
	frames := []frame{
		{at: 0, screen: []line{text("stays"), text("a")}},
		{at: time.Second, screen: []line{text("stays"), text("b")}},
		{at: 2 * time.Second, screen: []line{text("stays"), text("a")}},
	}
	svg := drawing{columns: 10, rows: 2}.animation(frames, 2*time.Second)
	for _, want := range []string{
		`values="visible" keyTimes="0"/><text x="16" y="64" textLength="42">stays`,
		`values="visible;hidden;visible" keyTimes="0;0.25;0.5"/><text x="16" y="83" textLength="8.4">a`,
		`values="hidden;visible;hidden" keyTimes="0;0.25;0.5"/><text x="16" y="83" textLength="8.4">b`,
	} {
		if strings.Count(svg, want) != 1 {
			t.Errorf("want once %s in:\n%s", want, svg)
		}
	}
}
