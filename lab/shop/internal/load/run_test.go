// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/load"
)

// answerAfter answers after d, or fails when its context ends.
func answerAfter(d time.Duration, err error) func(context.Context) (hop.Answer, error) {
	return func(ctx context.Context) (hop.Answer, error) {
		select {
		case <-time.After(d):
			return hop.Answer{}, err
		case <-ctx.Done():
			return hop.Answer{}, hop.NewFailure("load", "ingress", ctx.Err())
		}
	}
}

// reportOf returns the report of a run with these kinds.
func reportOf(t *testing.T, rate float64, seconds int, kinds ...load.Kind) (r load.Report) {
	synctest.Test(t, func(t *testing.T) {
		tally := load.NewTally(time.Now, kinds)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second-time.Nanosecond)
		defer cancel()
		load.Run(ctx, kinds, rate, tally)
		r = tally.Report()
	})
	return r
}

func TestRunKeepsRateAndWeights(t *testing.T) {
	r := reportOf(t, 100, 10,
		load.Kind{Name: "often", Weight: 9, Ask: answerAfter(time.Second, nil)},
		load.Kind{Name: "seldom", Weight: 1, Ask: answerAfter(0, errors.New("lost"))})
	want := []load.KindCount{
		{Kind: "often", Sent: 900, OK: 900, Slowest: 1000},
		{Kind: "seldom", Sent: 100, Failed: 100},
	}
	if diff := cmp.Diff(want, r.Kinds); diff != "" {
		t.Error(diff)
	}
}

func TestRunCountsSkippedRequests(t *testing.T) {
	r := reportOf(t, 100, 12, load.Kind{Name: "hangs", Weight: 1, Ask: answerAfter(time.Hour, nil)})
	if r.Sent != 1000 || r.Failed != 1000 || r.Skipped != 200 {
		t.Errorf("got %d sent, %d failed, %d skipped, want 1000, 1000, 200", r.Sent, r.Failed, r.Skipped)
	}
}

func TestRunWaitsForRequestsInFlight(t *testing.T) {
	r := reportOf(t, 1, 1, load.Kind{Name: "slow", Weight: 1, Ask: answerAfter(5*time.Second, nil)})
	if r.OK != 1 {
		t.Errorf("got %+v, want 1 OK", r)
	}
}
