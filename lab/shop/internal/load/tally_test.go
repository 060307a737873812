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

var update = flag.Bool("update", false, "write the golden files anew")

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(d time.Duration) time.Time { c.at = c.at.Add(d); return c.at }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// busy is a tally with one of everything in it.
func busy(c *clock) *load.Tally {
	tally := load.NewTally(c.now, []load.Kind{{Name: "price", Way: "web -> cart -> rates"}, {Name: "tcp", Way: "ledger"}})
	answer := hop.Answer{Service: "web", Asked: []hop.Answer{{Service: "cart", Version: "v2"}}}
	began := c.pass(time.Second)
	c.pass(20 * time.Millisecond)
	tally.Record("price", began, answer, nil)
	tally.Record("price", began, hop.Answer{}, &hop.Failure{From: "cart", To: "rates", What: "503"})
	tally.Opened("held-tcp", "ledger")
	c.pass(time.Second)
	tally.Record("price", began, hop.Answer{}, hop.Wrong("cart", "rates", "what?"))
	tally.Record("tcp", began, hop.Answer{}, hop.Failed("ingress", "ledger", errors.New("EOF")))
	tally.Cut("held-tcp", "ledger", 1500*time.Millisecond, errors.New("EOF"))
	tally.Unopened("held-tcp", "ledger", errors.New("refused"))
	tally.Skip()
	return tally
}

func TestTheReportOfOneOfEverything(t *testing.T) {
	var text bytes.Buffer
	if err := busy(&clock{noon}).Report().Text(&text); err != nil {
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

func TestBeingCutIsNoFailedRequest(t *testing.T) {
	r := busy(&clock{noon}).Report()
	if r.Sent != 4 || r.OK != 1 || r.Failed != 3 || r.Skipped != 1 {
		t.Errorf("want 4 sent, 1 ok, 3 failed, 1 skipped, got %+v", r)
	}
	want := []load.HeldCount{{Kind: "held-tcp", Place: "ledger", Open: 0, Opened: 1, Cut: 1, Unopened: 1}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
}

func TestResetForgetsAllButWhatIsStillHeld(t *testing.T) {
	c := &clock{noon}
	tally := busy(c)
	tally.Opened("held-tcp", "ledger")
	early := c.now()
	c.pass(time.Second)
	tally.Reset()
	tally.Record("tcp", early, hop.Answer{}, errors.New("began before the reset"))
	r := tally.Report()
	if r.Sent != 0 || r.Skipped != 0 || len(r.Failures)+len(r.Cuts)+len(r.Places)+len(r.Answers) != 0 {
		t.Errorf("want nothing counted, got %+v", r)
	}
	want := []load.HeldCount{{Kind: "held-tcp", Place: "ledger", Open: 1}}
	if diff := cmp.Diff(want, r.Held); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFailureIsCountedAndTheFirstAreListed(t *testing.T) {
	c := &clock{noon}
	tally := load.NewTally(c.now, []load.Kind{{Name: "tcp"}})
	for range 600 {
		tally.Record("tcp", c.now(), hop.Answer{}, hop.Failed("ingress", "ledger", errors.New("EOF")))
	}
	r := tally.Report()
	if r.Failed != 600 || r.Places[0].Failed != 600 || len(r.Failures) != 500 {
		t.Errorf("want 600 counted and 500 listed, got %d, %d and %d", r.Failed, r.Places[0].Failed, len(r.Failures))
	}
}
