// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// recording is an asciicast, version 2.
type recording struct {
	Version int `json:"version"`
	Width   int `json:"width"`
	Height  int `json:"height"`
	output  []output
}

// output is what the terminal got at a time.
type output struct {
	at   time.Duration
	text string
}

func parseRecording(data []byte) (recording, error) {
	header, events, _ := bytes.Cut(data, []byte("\n"))
	var r recording
	if err := json.Unmarshal(header, &r); err != nil {
		return r, fmt.Errorf("read the header: %w", err)
	}
	if r.Version != 2 || r.Width <= 0 || r.Height <= 0 {
		return r, errors.New("the header is not one of an asciicast, version 2, with a size")
	}
	for i, line := range bytes.Split(bytes.TrimSpace(events), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var seconds float64
		var kind, text string
		if err := json.Unmarshal(line, &[]any{&seconds, &kind, &text}); err != nil {
			return r, fmt.Errorf("read line %d: %w", i+2, err)
		}
		if kind == "o" {
			r.output = append(r.output, output{at: time.Duration(seconds * float64(time.Second)), text: text})
		}
	}
	return r, nil
}

// frame is what the terminal shows from a time on.
type frame struct {
	at     time.Duration
	screen []line
}

// frames returns what the terminal shows after each output that changes it.
func (r recording) frames() []frame {
	t := newTerminal(r.Width, r.Height)
	var list []frame
	for _, o := range r.output {
		t.write(o.text)
		screen := t.lines()
		if n := len(list); n > 0 && equal(list[n-1].screen, screen) {
			continue
		}
		list = append(list, frame{at: o.at, screen: screen})
	}
	return list
}

func equal(a, b []line) bool {
	for i := range a {
		if a[i].key() != b[i].key() {
			return false
		}
	}
	return len(a) == len(b)
}

// usedRows returns how many rows the frames use.
func usedRows(frames []frame) int {
	rows := 1
	for _, f := range frames {
		for i, l := range f.screen {
			if len(l) > 0 {
				rows = max(rows, i+1)
			}
		}
	}
	return rows
}

// frameAt returns the frame that is shown at a time; the last one for a negative time.
func frameAt(frames []frame, at time.Duration) frame {
	if at < 0 {
		return frames[len(frames)-1]
	}
	shown := frames[0]
	for _, f := range frames {
		if f.at <= at {
			shown = f
		}
	}
	return shown
}

// tick is what times are rounded to: two recordings of the same run should differ in
// as little as possible.
const tick = 100 * time.Millisecond

// retimed makes frames faster and shortens pauses. It drops frames of less than a tick.
func retimed(frames []frame, speed float64, maxPause time.Duration) []frame {
	var list []frame
	now := time.Duration(0)
	for i, f := range frames {
		if i > 0 {
			pause := time.Duration(float64(f.at-frames[i-1].at) / speed)
			now += min(pause, maxPause)
		}
		f.at = now.Round(tick)
		if n := len(list); n > 0 && list[n-1].at == f.at {
			list = list[:n-1]
		}
		list = append(list, f)
	}
	return list
}
