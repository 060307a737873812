// SPDX-License-Identifier: Apache-2.0

package live

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/reporttest"
)

func TestCastRecordsOutputWithTimes(t *testing.T) {
	var b strings.Builder
	clock := newManualClock()
	cast, err := NewCast(&b, 80, 24, clock)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"\x1b[32mready\x1b[0m\r\n", "\"…\"\r\n"} {
		clock.now = clock.now.Add(250 * time.Millisecond)
		if _, err := cast.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"version": 2, "width": 80, "height": 24}
[0.250, "o", "\u001b[32mready\u001b[0m\r\n"]
[0.500, "o", "\"…\"\r\n"]
`
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestCastOfRun(t *testing.T) {
	var b strings.Builder
	clock := newManualClock()
	cast, err := NewCast(&b, 100, 24, clock)
	if err != nil {
		t.Fatal(err)
	}
	v := New(Options{Out: cast, Color: true, Size: func() (int, int) { return 100, 24 }, Parallel: parallel, Clock: clock})
	wake := <-clock.sleeps
	reporttest.Run(func(e engine.Event) {
		v.Report(e)
		for range 3 {
			wake = clock.tick(wake)
		}
	})
	v.Close()
	golden(t, "run.cast", b.String())
}
