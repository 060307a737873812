// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
)

// EventFilter drops events that repeat what an earlier one reported: a run observes
// the mesh once a second and mostly finds it unchanged. The zero value is ready.
type EventFilter struct{ reported map[string]string }

// New reports whether an event has something new.
func (f *EventFilter) New(e engine.Event) bool {
	switch e.Kind {
	case engine.Observed:
		return false
	case engine.Waiting:
		return f.changed("waiting "+string(e.Step.Subject), e.Verdict.Check+e.Verdict.Reason)
	case engine.Soaking:
		return f.changed(fmt.Sprintf("soaking %d", e.Step.Wave), e.Until.Format(time.TimeOnly))
	case InstallerOutput:
		return strings.ContainsFunc(e.Message, unicode.IsLetter) // istioctl also writes progress bars
	case engine.Retrying:
		return f.changed("troubled", e.Message)
	}
	delete(f.reported, "troubled")
	return true
}

func (f *EventFilter) changed(key, text string) bool {
	if f.reported == nil {
		f.reported = map[string]string{}
	}
	if f.reported[key] == text {
		return false
	}
	f.reported[key] = text
	return true
}

// EventLine is an event as a line of text.
type EventLine struct {
	lead string // time and wave
	text string
	tone format.Tone
}

// Line returns the line of an event, and false for one without a line.
func (f *EventFilter) Line(e engine.Event) (EventLine, bool) {
	if !f.New(e) {
		return EventLine{}, false
	}
	text, tone := eventText(e)
	lead := e.At.Format(time.TimeOnly) + "  " + wavePrefix(e) + "  "
	return EventLine{lead: lead, text: strings.Join(strings.Fields(text), " "), tone: tone}, text != ""
}

// Wrap returns the line wrapped to the width of a style.
func (l EventLine) Wrap(style format.Style) []string {
	return style.WrapIn(l.tone, l.lead, l.text)
}
