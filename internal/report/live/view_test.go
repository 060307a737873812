// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
)

// manualClock is a clock that only the test moves.
type manualClock struct {
	mutex  sync.Mutex
	now    time.Time
	slept  time.Duration      // of the last sleep
	sleeps chan chan struct{} // of each sleep, what ends it
}

func newManualClock() *manualClock {
	return &manualClock{now: reporttest.Noon, sleeps: make(chan chan struct{})}
}

func (c *manualClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Sleep waits until the test advances the clock.
func (c *manualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mutex.Lock()
	c.slept = d
	c.mutex.Unlock()
	wake := make(chan struct{})
	select {
	case c.sleeps <- wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tick lets one sleep end, and returns when the drawing after it is done: when the
// next sleep begins.
func (c *manualClock) tick(wake chan struct{}) (next chan struct{}) {
	c.mutex.Lock()
	c.now = c.now.Add(minInterval)
	c.mutex.Unlock()
	close(wake)
	return <-c.sleeps
}

// slowScreen is a terminal that takes a second per write.
type slowScreen struct{ clock *manualClock }

func (s slowScreen) Write(p []byte) (int, error) {
	s.clock.mutex.Lock()
	defer s.clock.mutex.Unlock()
	s.clock.now = s.clock.now.Add(time.Second)
	return len(p), nil
}

func TestSlowDrawingIsFollowedByLongerPause(t *testing.T) {
	clock := newManualClock()
	v := New(Options{Out: slowScreen{clock}, Size: func() (int, int) { return 80, 24 }, Parallel: parallel, Clock: clock})
	defer v.Close()
	wake := <-clock.sleeps
	reporttest.Run(v.Report)
	clock.tick(wake)
	clock.mutex.Lock()
	defer clock.mutex.Unlock()
	if want := pauseFactor * time.Second; clock.slept != want {
		t.Errorf("pause after a drawing of a second: got %s, want %s", clock.slept, want)
	}
}

// screen counts writes.
type screen struct {
	mutex  sync.Mutex
	text   strings.Builder
	writes int
	block  chan struct{} // closed or nil: writes go through
}

func (s *screen) Write(p []byte) (int, error) {
	if s.block != nil {
		<-s.block
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.writes++
	return s.text.Write(p)
}

func (s *screen) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.writes
}

func newView(out *screen, clock engine.Clock) *View {
	return New(Options{Out: out, Size: func() (int, int) { return 80, 24 }, Parallel: parallel, Clock: clock})
}

func TestViewLeavesOnlyLines(t *testing.T) {
	out, clock := &screen{}, newManualClock()
	v := newView(out, clock)
	wake := <-clock.sleeps
	reporttest.Run(func(e engine.Event) {
		v.Report(e)
		wake = clock.tick(wake)
	})
	v.Close()
	v.Close()
	shown := terminal(out.text.String())
	if strings.Contains(shown, "elapsed") {
		t.Errorf("got a part of the view, want lines only:\n%s", shown)
	}
	for _, line := range []string{"revision 1-31-0 is installed", "nothing is left to do"} {
		if n := strings.Count(shown, line); n != 1 {
			t.Errorf("line %q: got %d times, want once:\n%s", line, n, shown)
		}
	}
}

func TestCloseWritesPendingLines(t *testing.T) {
	out := &screen{}
	v := newView(out, newManualClock())
	reporttest.Run(v.Report)
	v.Close()
	if shown := terminal(out.text.String()); !strings.Contains(shown, "nothing is left to do") {
		t.Errorf("want the last line in:\n%s", shown)
	}
}

func TestViewDrawsAtMostOncePerInterval(t *testing.T) {
	out, clock := &screen{}, newManualClock()
	v := newView(out, clock)
	defer v.Close()
	wake := <-clock.sleeps
	reporttest.Run(v.Report)
	if n := out.count(); n != 0 {
		t.Errorf("writes before an interval has passed: got %d, want 0", n)
	}
	wake = clock.tick(wake)
	if n := out.count(); n != 1 {
		t.Errorf("writes after one interval: got %d, want 1", n)
	}
	for range maxInterval / minInterval {
		wake = clock.tick(wake)
	}
	if n := out.count(); n != 2 {
		t.Errorf("writes after a second without events: got %d, want 2", n)
	}
}

func TestTellDoesNotWaitForTheTerminal(t *testing.T) {
	out, clock := &screen{block: make(chan struct{})}, newManualClock()
	v := newView(out, clock)
	wake := <-clock.sleeps
	v.Report(engine.Event{Kind: engine.Retrying, Run: "to-1-31-0", At: reporttest.Noon, Message: "connection refused"})
	close(wake) // the drawing begins and does not end
	done := make(chan struct{})
	go func() {
		reporttest.Run(v.Report)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("Report waits for a terminal that takes nothing")
	}
	close(out.block)
	v.Close()
}

func TestToTopCountsWrappedRows(t *testing.T) {
	v := &View{shown: []string{strings.Repeat("x", 100), "\x1b[32mshort\x1b[0m"}}
	for _, c := range []struct {
		columns int
		want    string
	}{{columns: 120, want: "\r\x1b[2A"}, {columns: 79, want: "\r\x1b[3A"}, {columns: 40, want: "\r\x1b[4A"}} {
		t.Run(fmt.Sprint(c.columns), func(t *testing.T) {
			if got := v.toTop(format.Style{Width: c.columns}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// terminal returns what a terminal of endless height shows after these bytes. It knows
// the escape sequences that View uses.
func terminal(text string) string {
	rows, y := []string{""}, 0
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\r\n"):
			if y++; y == len(rows) {
				rows = append(rows, "")
			}
			text = text[2:]
		case text[0] == '\r':
			text = text[1:]
		case strings.HasPrefix(text, "\x1b["):
			end := 2 + strings.IndexFunc(text[2:], func(r rune) bool { return r >= '@' && r <= 'z' })
			var n int
			_, _ = fmt.Sscanf(text[2:end], "%d", &n) // none is 0
			switch text[end] {
			case 'A':
				y = max(0, y-n)
			case 'J':
				rows = append(rows[:y], "")
			}
			text = text[end+1:]
		default:
			end := strings.IndexAny(text, "\r\x1b")
			if end < 0 {
				end = len(text)
			}
			rows[y] = text[:end]
			text = text[end:]
		}
	}
	return strings.Join(rows, "\n")
}
