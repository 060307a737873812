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

// fakeConnection opens connections that say a line every second, for as long as the next of the lives; one that is
// silent says nothing any more instead of ending; with no life left nobody opens.
func fakeConnection(lives []time.Duration, silent bool) func(context.Context) (func(context.Context) error, func(), error) {
	return func(context.Context) (func(context.Context) error, func(), error) {
		if len(lives) == 0 {
			return nil, nil, errors.New("refused")
		}
		dead := time.Now().Add(lives[0])
		lives = lives[1:]
		return func(ctx context.Context) error {
			if time.Until(dead) <= 0 {
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

func keepOpenFor(t *testing.T, silent bool, lives ...time.Duration) (r load.Report) {
	synctest.Test(t, func(t *testing.T) {
		tally := load.NewTally(time.Now, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Millisecond)
		defer cancel()
		load.KeepOpen(ctx, load.HeldConnection{Kind: "held", Place: "there", Open: fakeConnection(lives, silent)}, tally)
		r = tally.Report()
	})
	return r
}

func TestKeepOpenReopensCutConnections(t *testing.T) {
	r := keepOpenFor(t, false, 10*time.Second, 20*time.Second, time.Hour)
	want := []load.HeldCount{{Kind: "held", Place: "there", Open: 1, Opened: 3, Cut: 2}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
	if len(r.Cuts) != 2 || r.Cuts[0].Lasted != "10s" || r.Cuts[1].Lasted != "20s" || r.Cuts[1].Place != "there" {
		t.Errorf("want cuts after 10 and 20 seconds, got %+v", r.Cuts)
	}
}

func TestKeepOpenCutsSilentConnections(t *testing.T) {
	r := keepOpenFor(t, true, 10*time.Second, time.Hour)
	if len(r.Cuts) != 1 || r.Cuts[0].Lasted != "15s" {
		t.Errorf("want one cut, 5 s after the last line, got %+v", r.Cuts)
	}
}

func TestKeepOpenCountsFailedOpens(t *testing.T) {
	r := keepOpenFor(t, false)
	if h := r.Held[0]; h.Opened != 0 || h.Cut != 0 || h.Unopened != 121 {
		t.Errorf("want a try every half second and no cut, got %+v", h)
	}
}
