// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
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
		"the other dies": {false, "this process continues it", 7},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop()
			whole(t, p)
			done := p.ledgers["to-1-31-0"]
			midway := done.Clone()
			midway.Ended = time.Time{}
			if !c.ends {
				p.world, midway.Passed, midway.Reached = shop().world, nil, 0
				p.world.CRDInstalled = true
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

// begins has somebody else agree to a run to-1-31-0 of his own, and be interrupted
// before he moves anything.
func begins(t *testing.T, p *fakeCluster, line string) {
	t.Helper()
	u := *asked(t, line)
	u.Spec.Version = "1.31.0"
	p.mutex.Lock()
	p.runs = append(p.runs, u)
	p.mutex.Unlock()
	journal := p.Record(u.Name)
	in, _, err := journal.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target, err := plan.ResolveTarget(p.world, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Save(t.Context(), plan.NewLedger(plan.Make(p.world, target, step.Ledger{}), noon), engine.Summary{Phase: "Upgrading"}); err != nil {
		t.Fatal(err)
	}
	p.holder = ""
}

// TestAWatcherKeepsToWhatItWasShown: while a plan was read, somebody else began a
// run of the same name. It is gone on with where it is what was agreed to here.
func TestAWatcherKeepsToWhatItWasShown(t *testing.T) {
	const line = "upgrade --to 1-31-0 --await"
	for others, c := range map[string]struct {
		mine string
		code int
		says string
	}{
		"--to 1-31-0 --await":                                {"", exitDone, "this process continues it"},
		"--to 1-31-0 --await --soak 3m":                      {" -n shop-data", exitRefused, "differs in spec.namespaces"},
		"--to 1-31-0 --await --rollback-on-failure":          {"", exitRefused, "spec.rollbackOnFailure (true, here false)"},
		"--to 1-31-0 --await --strategy swap":                {"", exitRefused, "spec.way (swap, here restart)"},
		"--to 1-31-0 --await --remove-old":                   {"", exitRefused, "spec.removeOld (true, here false)"},
		"--to 1-31-0 --await -n shop-data --wave shop-data ": {" -n shop-data --wave shop-data", exitDone, "this process continues it"},
	} {
		p := shop()
		p.holder = "kim@host, process 7"
		p.works = func() { begins(t, p, others) }
		code, out, err := on(p, line+c.mine+" --yes")
		if code != c.code || !strings.Contains(err, c.says) || (len(p.writes) > 0) != (code == exitDone) {
			t.Errorf("somebody else began %s: exit code %d, want %d, and %q is to be said; %d writes: %s\n%s", others, code, c.code, c.says, len(p.writes), err, out)
		}
	}
}

// TestARemovalIsNotDroppedBehindALease: what is asked for of a run that is complete
// is done once the Lease of whoever died at his last write has run out. Where that
// one did something else meanwhile, it is not passed over.
func TestARemovalIsNotDroppedBehindALease(t *testing.T) {
	for name, meanwhile := range map[string]func(*fakeCluster){
		"nothing":   func(*fakeCluster) {},
		"the same":  func(p *fakeCluster) { p.run("to-1-31-0").Spec.RemoveOld = true },
		"something": func(p *fakeCluster) { p.run("to-1-31-0").Spec.MaxParallel = 9 },
	} {
		p := shop()
		whole(t, p)
		p.holder, p.writes = "kim@host, process 7", nil
		p.works = func() {
			p.holder = ""
			meanwhile(p)
		}
		code, out, err := on(p, upgradeLine+" --remove-old --yes")
		refused := code == exitRefused && strings.Contains(err, "spec.removeOld (false, here true)") && strings.Contains(err, "run the same command again")
		if refused != (name == "something") || p.run("to-1-31-0").Spec.RemoveOld == refused {
			t.Errorf("%s was done meanwhile: exit code %d: %s\n%s", name, code, err, out)
		}
	}
}

// TestARecordThatIsNotWrittenYetIsNotDeleted: who has the Lease writes the record
// after it. One that was there, and is not, was deleted.
func TestARecordThatIsNotWrittenYetIsNotDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		fresh, seen bool
		says        string
	}{
		"not written yet": {true, false, "is not written yet"},
		"deleted":         {true, true, "was deleted"},
		"one on record":   {false, false, "was deleted"},
	} {
		p := shop()
		w := &watch{cluster: p, record: p.Record("to-1-31-0"), events: &latestEvent{next: discard{}},
			clock: &instantClock{now: noon}, fresh: c.fresh, known: c.seen}
		if err := w.look(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func whole(t *testing.T, p *fakeCluster) {
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

// asked returns the MeshUpgrade that a command line asks for.
func asked(t *testing.T, line string) *v1alpha1.MeshUpgrade {
	t.Helper()
	var f spec.Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.AddTo(set)
	if err := set.Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	u, err := f.MeshUpgrade(t.Context(), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return u
}
