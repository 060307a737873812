// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestPausesDoubleUpToALimit(t *testing.T) {
	t.Parallel()
	half := func() float64 { return 0.5 }
	for _, tc := range []struct {
		name   string
		count  int
		jitter func() float64
		want   time.Duration
	}{
		{"first", 1, nil, time.Second},
		{"second", 2, nil, 2 * time.Second},
		{"fifth", 5, nil, 16 * time.Second},
		{"sixth", 6, nil, 30 * time.Second},
		{"thousandth", 1000, nil, 30 * time.Second},
		{"least jitter", 3, func() float64 { return 0 }, 2 * time.Second},
		{"jitter", 3, half, 3 * time.Second},
		{"jitter at the limit", 9, half, 22500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := (failures{count: tc.count}).pause(time.Second, tc.jitter); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// failing returns an error for each of these calls.
func failing(calls ...int) func() error {
	n := 0
	return func() error {
		if n++; slices.Contains(calls, n) {
			return errors.New("connection refused")
		}
		return nil
	}
}

// A turn that succeeds resets the pause. Each error is reported.
func TestErrorsAreRetriedWithBackoff(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.observeErr = failing(2, 3, 4, 5, 8, 9)
	expect(t, f, Completed)
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, time.Second, 2 * time.Second}
	if !slices.Equal(f.pauses, want) {
		t.Errorf("got pauses %v, want %v", f.pauses, want)
	}
	retries := f.reported(Retrying)
	if len(retries) != len(want) || retries[0].Message != "observe the mesh: connection refused" {
		t.Errorf("got retries %+v, want %d of them with the error", retries, len(want))
	}
}

// A cluster that does not answer for two minutes is asked a few times, not once a
// second, and its error ends the run.
func TestLastingErrorEndsTheRunAfterFewAttempts(t *testing.T) {
	t.Parallel()
	f, lost := newUpgrade(), errors.New("connection refused")
	f.observeErr = func() error { return lost }
	began := f.now
	if outcome, err := f.run(); outcome != "" || !errors.Is(err, lost) {
		t.Errorf("got outcome %q, %v, want %v", outcome, err, lost)
	}
	if attempts, took := len(f.reported(Retrying)), f.now.Sub(began); attempts > 10 || took < 2*time.Minute || took > 3*time.Minute {
		t.Errorf("got %d attempts in %s, want at most 10 in little more than two minutes", attempts, took)
	}
}

func TestJitterSpreadsTheRetries(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.observeErr = failing(1, 2)
	e := Engine{Observer: f, Writer: f, Record: f, Clock: f, Reporter: f, Jitter: func() float64 { return 0 }}
	if outcome, err := e.Run(context.Background()); err != nil || outcome != Completed {
		t.Fatalf("got outcome %q, %v, want %q", outcome, err, Completed)
	}
	if want := []time.Duration{500 * time.Millisecond, time.Second}; !slices.Equal(f.pauses, want) {
		t.Errorf("got pauses %v, want %v", f.pauses, want)
	}
}
