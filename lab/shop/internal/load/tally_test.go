// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/load"
)

var update = flag.Bool("update", false, "update the golden files")

// fakeClock is a clock that only advance moves.
type fakeClock struct{ at time.Time }

func (c *fakeClock) now() time.Time { return c.at }

func (c *fakeClock) advance(d time.Duration) time.Time { c.at = c.at.Add(d); return c.at }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// filledTally returns a tally with an entry of every kind.
func filledTally(c *fakeClock) *load.Tally {
	tally := load.NewTally(c.now, []load.Kind{{Name: "price", Path: "web -> cart -> rates"}, {Name: "tcp", Path: "ledger"}})
	answer := hop.Answer{Service: "web", Calls: []hop.Answer{{Service: "cart", Version: "v2"}}}
	began := c.advance(time.Second)
	c.advance(20 * time.Millisecond)
	tally.Record("price", began, answer, nil)
	tally.Record("price", began, hop.Answer{}, &hop.Failure{From: "cart", To: "rates", What: "503"})
	tally.Opened("held-tcp", "ledger")
	c.advance(time.Second)
	tally.Record("price", began, hop.Answer{}, hop.NewWrongAnswer("cart", "rates", "what?"))
	tally.Record("tcp", began, hop.Answer{}, hop.NewFailure("ingress", "ledger", errors.New("EOF")))
	tally.Cut("held-tcp", "ledger", 1500*time.Millisecond, errors.New("EOF"))
	tally.Unopened("held-tcp", "ledger", errors.New("refused"))
	tally.Skip()
	return tally
}

func TestReportText(t *testing.T) {
	var text bytes.Buffer
	if err := filledTally(&fakeClock{noon}).Report().Text(&text); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/report.golden"
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Error(diff)
	}
}

func TestCutIsNotAFailedRequest(t *testing.T) {
	r := filledTally(&fakeClock{noon}).Report()
	if r.Sent != 4 || r.OK != 1 || r.Failed != 3 || r.Skipped != 1 {
		t.Errorf("got %+v, want 4 sent, 1 ok, 3 failed, 1 skipped", r)
	}
	want := []load.HeldCount{{Kind: "held-tcp", Place: "ledger", Open: 0, Opened: 1, Cut: 1, Unopened: 1}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
}

func TestResetKeepsOpenConnections(t *testing.T) {
	c := &fakeClock{noon}
	tally := filledTally(c)
	tally.Opened("held-tcp", "ledger")
	early := c.now()
	c.advance(time.Second)
	tally.Reset()
	tally.Record("tcp", early, hop.Answer{}, errors.New("sent before the reset"))
	r := tally.Report()
	if r.Sent != 0 || r.Skipped != 0 || len(r.Failures)+len(r.Cuts)+len(r.Places)+len(r.Answers) != 0 {
		t.Errorf("got %+v, want empty counts", r)
	}
	want := []load.HeldCount{{Kind: "held-tcp", Place: "ledger", Open: 1}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
}

func TestFailureListIsBounded(t *testing.T) {
	c := &fakeClock{noon}
	tally := load.NewTally(c.now, []load.Kind{{Name: "tcp"}})
	for range 600 {
		tally.Record("tcp", c.now(), hop.Answer{}, hop.NewFailure("ingress", "ledger", errors.New("EOF")))
	}
	r := tally.Report()
	if r.Failed != 600 || r.Places[0].Failed != 600 || len(r.Failures) != 500 {
		t.Errorf("got %d failed, %d at the place, %d listed, want 600, 600, 500", r.Failed, r.Places[0].Failed, len(r.Failures))
	}
}
