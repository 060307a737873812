// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/engine"
)

// TestWatch: somebody else works on the run. Who comes second watches, and asks
// nobody; when the other has come to the end there is the page, and when it died
// the work goes on.
func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		ends   bool
		says   string
		writes int
	}{
		"the other ends": {true, "", 0},
		"the other dies": {false, "this process goes on with it", 7},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop()
			whole(t, p)
			done := p.ledgers["to-1-31-0"]
			midway := done.Clone()
			midway.Ended = time.Time{}
			if !c.ends {
				p.world, midway.Passed, midway.Reached = shop().world, nil, 0
				p.world.Defined = true
			}
			journal := p.Record("to-1-31-0")
			if err := journal.Save(t.Context(), midway, engine.Summary{Phase: "Upgrading"}); err != nil {
				t.Fatal(err)
			}
			p.holder, p.writes = "kim@host, process 7", nil
			p.works = func() {
				if !c.ends {
					return
				}
				if err := journal.Save(t.Context(), done, engine.Summary{Phase: "Completed"}); err != nil {
					t.Error(err)
				}
			}
			code, out, err := on(p, upgradeLine)
			if code != exitDone || !strings.Contains(out, "Run to-1-31-0 is complete") {
				t.Errorf("exit code %d: %s%s", code, out, err)
			}
			if !strings.Contains(err, "kim@host, process 7 works on run to-1-31-0") || !strings.Contains(err, c.says) {
				t.Errorf("it says:\n%s", err)
			}
			if len(p.writes) != c.writes {
				t.Errorf("%d writes, want %d: %s", len(p.writes), c.writes, p.writes)
			}
		})
	}
}

// TestAfterTheWayBack: the Lease of whoever took the run back is still there when
// the next upgrade begins. That run has ended, and it is not what is asked for.
func TestAfterTheWayBack(t *testing.T) {
	p := shop()
	whole(t, p)
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.holder, p.works, p.writes = "kim@host, process 7", func() {}, nil
	code, out, err := on(p, upgradeLine+" --yes")
	if code != exitDone || !strings.Contains(out, "Run to-1-31-0 is complete") || len(p.writes) == 0 {
		t.Errorf("exit code %d, %d writes: %s%s", code, len(p.writes), out, err)
	}
}

func whole(t *testing.T, p *paper) {
	t.Helper()
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
}

// A process that died at the last write of its upgrade leaves a Lease: a rollback
// waits for it to run out, and is refused only by one that is renewed.
func TestRollbackOutwaitsTheLeaseOfAnEndedRun(t *testing.T) {
	p := shop()
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.holder, p.lasts = "kim@host, process 7", 12
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Errorf("exit code %d: %s", code, err)
	}
	p = shop()
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.holder = "kim@host, process 7"
	if code, _, err := on(p, "rollback --yes"); code != exitRefused || !strings.Contains(err, "kim@host, process 7 works on it") {
		t.Errorf("exit code %d: %s", code, err)
	}
}
