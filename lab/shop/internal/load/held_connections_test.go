// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/shop/internal/load"
)

// fakeConnection opens connections that send a line per second for the next of the given lifetimes.
// At its end a connection fails, or sends nothing more if silent is set. Without a lifetime left,
// opening fails.
func fakeConnection(lifetimes []time.Duration, silent bool) func(context.Context) (func(context.Context) error, func(), error) {
	return func(context.Context) (func(context.Context) error, func(), error) {
		if len(lifetimes) == 0 {
			return nil, nil, errors.New("refused")
		}
		end := time.Now().Add(lifetimes[0])
		lifetimes = lifetimes[1:]
		return func(ctx context.Context) error {
			if time.Until(end) <= 0 {
				if silent {
					<-ctx.Done()
				}
				return errors.Join(ctx.Err(), errors.New("EOF"))
			}
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}, func() {}, nil
	}
}

func keepOpenFor(t *testing.T, silent bool, lifetimes ...time.Duration) (r load.Report) {
	synctest.Test(t, func(t *testing.T) {
		tally := load.NewTally(time.Now, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Millisecond)
		defer cancel()
		load.KeepOpen(ctx, load.HeldConnection{Kind: "held", Place: "web", Open: fakeConnection(lifetimes, silent)}, tally)
		r = tally.Report()
	})
	return r
}

func TestKeepOpenReopensCutConnections(t *testing.T) {
	r := keepOpenFor(t, false, 10*time.Second, 20*time.Second, time.Hour)
	want := []load.HeldCount{{Kind: "held", Place: "web", Open: 1, Opened: 3, Cut: 2}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
	if len(r.Cuts) != 2 || r.Cuts[0].Lasted != "10s" || r.Cuts[1].Lasted != "20s" || r.Cuts[1].Place != "web" {
		t.Errorf("got %+v, want cuts after 10 and 20 seconds", r.Cuts)
	}
}

func TestKeepOpenCutsSilentConnections(t *testing.T) {
	r := keepOpenFor(t, true, 10*time.Second, time.Hour)
	if len(r.Cuts) != 1 || r.Cuts[0].Lasted != "15s" {
		t.Errorf("got %+v, want one cut 5 s after the last line", r.Cuts)
	}
}

func TestKeepOpenCountsFailedOpens(t *testing.T) {
	r := keepOpenFor(t, false)
	if h := r.Held[0]; h.Opened != 0 || h.Cut != 0 || h.Unopened != 121 {
		t.Errorf("got %+v, want an attempt every 500 ms and no cut", h)
	}
}
