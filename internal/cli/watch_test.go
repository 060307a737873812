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

// While another process works on the run, the second one watches and asks for no
// approval. It writes the last page when the other ends, and continues when the
// other dies.
func TestSecondProcessWatches(t *testing.T) {
	for _, c := range []struct {
		name   string
		ends   bool
		says   string
		writes int
	}{
		{name: "the other ends", ends: true},
		{name: "the other dies", says: "this process continues it", writes: 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			completeUpgrade(t, p)
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
			p.leaseHolder, p.writes = "kim@host, process 7", nil
			p.anotherWorks = func() {
				if !c.ends {
					return
				}
				if err := journal.Save(t.Context(), done, engine.Summary{Phase: "Completed"}); err != nil {
					t.Error(err)
				}
			}
			code, out, err := runOn(p, upgradeLine)
			if code != exitDone || !strings.Contains(out, "Run to-1-31-0 is complete") {
				t.Errorf("got exit code %d, want %d and a complete run: %s%s", code, exitDone, out, err)
			}
			if !strings.Contains(err, "kim@host, process 7 works on run to-1-31-0") || !strings.Contains(err, c.says) {
				t.Errorf("got messages without the other process or %q:\n%s", c.says, err)
			}
			if len(p.writes) != c.writes {
				t.Errorf("got %d writes, want %d: %s", len(p.writes), c.writes, p.writes)
			}
		})
	}
}

// The Lease of the process that rolled the run back is still valid when the next
// upgrade starts. That rollback has ended, and is not what is asked for.
func TestUpgradeAfterARollbackWithALease(t *testing.T) {
	p := shop()
	completeUpgrade(t, p)
	if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.leaseHolder, p.anotherWorks, p.writes = "kim@host, process 7", func() {}, nil
	code, out, err := runOn(p, upgradeLine+" --yes")
	if code != exitDone || !strings.Contains(out, "Run to-1-31-0 is complete") || len(p.writes) == 0 {
		t.Errorf("got exit code %d and %d writes, want %d and some: %s%s", code, len(p.writes), exitDone, out, err)
	}
}

// startByAnother records a run to-1-31-0 that another process started, and that was
// interrupted before it moved anything.
func startByAnother(t *testing.T, p *fakeCluster, line string) {
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
	ledger := plan.NewLedger(plan.Make(p.world, target, step.Ledger{}), noon)
	if err := journal.Save(t.Context(), ledger, engine.Summary{Phase: "Upgrading"}); err != nil {
		t.Fatal(err)
	}
	p.leaseHolder = ""
}

// While a person read a plan, another one started a run of the same name. This
// process continues that run only if its plan is the one that was approved here.
func TestWatcherChecksWhatAnotherApproved(t *testing.T) {
	const line = "upgrade --to 1-31-0 --await"
	for _, c := range []struct {
		other, own string
		want       int
		says       string
	}{
		{other: "--to 1-31-0 --await", own: "", want: exitDone, says: "this process continues it"},
		{other: "--to 1-31-0 --await --soak 3m", own: " -n shop-data", want: exitRefused, says: "differs in spec.namespaces"},
		{other: "--to 1-31-0 --await --rollback-on-failure", own: "", want: exitRefused, says: "spec.rollbackOnFailure (true, here false)"},
		{other: "--to 1-31-0 --await --strategy swap", own: "", want: exitRefused, says: "spec.strategy (swap, here restart)"},
		{other: "--to 1-31-0 --await --remove-old", own: "", want: exitRefused, says: "spec.removeOld (true, here false)"},
		{
			other: "--to 1-31-0 --await -n shop-data --wave shop-data ", own: " -n shop-data --wave shop-data",
			want: exitDone, says: "this process continues it",
		},
	} {
		t.Run(c.other, func(t *testing.T) {
			p := shop()
			p.leaseHolder = "kim@host, process 7"
			p.anotherWorks = func() { startByAnother(t, p, "--gateways last "+c.other) }
			code, out, err := runOn(p, line+c.own+" --yes")
			if code != c.want || !strings.Contains(err, c.says) || (len(p.writes) > 0) != (code == exitDone) {
				t.Errorf("got exit code %d and %d writes, want %d and %q: %s\n%s", code, len(p.writes), c.want, c.says, err, out)
			}
		})
	}
}

// What is asked for of a complete run is done once the Lease of a process that died
// at its last write has expired. It is refused if that process changed something.
func TestRemovalIsDoneAfterALeaseExpires(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(*fakeCluster)
		refused   bool
	}{
		{name: "nothing changed", meanwhile: func(*fakeCluster) {}},
		{name: "the same was asked for", meanwhile: func(p *fakeCluster) { p.run("to-1-31-0").Spec.RemoveOld = true }},
		{name: "something else was asked for", meanwhile: func(p *fakeCluster) { p.run("to-1-31-0").Spec.MaxParallel = 9 }, refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			completeUpgrade(t, p)
			p.leaseHolder, p.writes = "kim@host, process 7", nil
			p.anotherWorks = func() {
				p.leaseHolder = ""
				c.meanwhile(p)
			}
			code, out, err := runOn(p, upgradeLine+" --remove-old --yes")
			refused := code == exitRefused && strings.Contains(err, "spec.removeOld (false, here true)") &&
				strings.Contains(err, "run the same command again")
			if refused != c.refused || p.run("to-1-31-0").Spec.RemoveOld == refused {
				t.Errorf("got exit code %d, want refused %t: %s\n%s", code, c.refused, err, out)
			}
		})
	}
}

// A process writes the record after it has the Lease. A record that existed and no
// longer does was deleted.
func TestRecordNotWrittenYetIsNotDeleted(t *testing.T) {
	for _, c := range []struct {
		name        string
		fresh, seen bool
		says        string
	}{
		{name: "not written yet", fresh: true, says: "is not written yet"},
		{name: "deleted after it was seen", fresh: true, seen: true, says: "was deleted"},
		{name: "deleted of a recorded run", says: "was deleted"},
	} {
		p := shop()
		w := &watch{observer: p, record: p.Record("to-1-31-0"), events: &latestEvent{next: discard{}},
			clock: &instantClock{now: noon}, fresh: c.fresh, known: c.seen}
		if err := w.look(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.says)
		}
	}
}

func completeUpgrade(t *testing.T, p *fakeCluster) {
	t.Helper()
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
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
