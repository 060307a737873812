// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/run"
)

// What a removal needs to know is read, so that the removal is among what is left.
func TestStatusReadsWhatARemovalNeeds(t *testing.T) {
	p := shop()
	completeUpgrade(t, p)
	for _, removes := range []bool{false, true} {
		p.runs[0].Spec.RemoveOld, p.removing = removes, ""
		if code, out, err := runOn(p, "status"); code != exitDone {
			t.Fatalf("got exit code %d, want %d: %s%s", code, exitDone, out, err)
		}
		if (p.removing == "to-1-31-0") != removes {
			t.Errorf("with removeOld %t: got reads for the removal by %q", removes, p.removing)
		}
	}
}

// Status reports a removed revision beside the record: for a run that is held, for
// one on which no process works, and for one that has ended.
func TestStatusOfARunWithoutItsRevision(t *testing.T) {
	const line = "upgrade --to 1-31-0 --soak 5s --waves 2 --yes"
	for _, c := range []struct {
		name    string
		change  func(*fakeCluster)
		says    []string
		resumed string // what the same command says then
		want    int
	}{
		{
			name: "held", change: func(p *fakeCluster) { p.rejectsConfig = "web-1" }, says: []string{"Held", "duplicate listener"},
			resumed: "revision 1-31-0 does not exist any more", want: exitRefused,
		},
		{
			name: "no process works on it", change: func(p *fakeCluster) { p.rejectsConfig = "web-1" },
			says:    []string{"Upgrading", "Install it again unchanged", "rerig rollback to-1-31-0"},
			resumed: "revision 1-31-0 does not exist any more", want: exitHeld,
		},
		{
			name: "ended", change: func(*fakeCluster) {}, says: []string{"Completed"},
			resumed: "revision 1-31-0 does not exist any more", want: exitRefused,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			addControlPlane(&p.world, "1-31-0", "1.31.0")
			p.world.Sort()
			there := p.world.Revisions
			c.change(p)
			runOn(p, line)
			if c.name == "no process works on it" {
				l := p.ledgers["to-1-31-0"].Clone()
				l.Held = nil
				s := &fakeRecord{p, "to-1-31-0"}
				if err := s.Save(t.Context(), l, engine.Summary{Phase: "Upgrading"}); err != nil {
					t.Fatal(err)
				}
			}
			p.acceptConfig()
			p.world.Revisions = p.world.Revisions[:1]
			code, out, err := runOn(p, "status to-1-31-0")
			for _, words := range append(c.says, "revision 1-31-0 does not exist any more", "the cluster has 1-29-1") {
				if code != exitDone || !strings.Contains(strings.Join(strings.Fields(out), " "), words) {
					t.Errorf("got exit code %d, want %d and %q: %s\n%s", code, exitDone, words, err, out)
				}
			}
			for _, not := range []string{"install 1-31-0", "Left:", "Nothing is left"} {
				if strings.Contains(out, not) {
					t.Errorf("got %q, want it absent:\n%s", not, out)
				}
			}
			code, out, err = runOn(p, line)
			if code != c.want || !strings.Contains(strings.Join(strings.Fields(out+err), " "), c.resumed) {
				t.Errorf("the same command: got exit code %d, want %d and %q: %s%s", code, c.want, c.resumed, out, err)
			}
			if held := p.run("to-1-31-0").Status.Phase == "Held"; held != (c.name != "ended") {
				t.Errorf("got phase %s, want held %t", p.run("to-1-31-0").Status.Phase, c.name != "ended")
			}
			p.world.Revisions = there
			if code, out, err := runOn(p, line); code != exitDone {
				t.Errorf("the same command with the revision: got exit code %d, want %d: %s%s", code, exitDone, out, err)
			}
			p.world.Revisions = there[:1]
			if code, out, err := runOn(p, "rollback --yes to-1-31-0"); code != exitDone {
				t.Errorf("rollback: got exit code %d, want %d: %s%s", code, exitDone, out, err)
			}
		})
	}
}

// unreadableLease is a cluster whose Lease the caller may not read.
type unreadableLease struct{ *fakeCluster }

func (unreadableLease) LeaseHolder(context.Context) (string, error) {
	return "", fmt.Errorf("read the Lease istio-system/rerig: no permission: %w", engine.ErrRefused)
}

// A caller who may not read the Lease sees the state of a run. Status then does not
// claim that no process works on it.
func TestStatusWithoutReadingTheLease(t *testing.T) {
	p := shop()
	p.rejectsConfig = "db-1"
	runOn(p, upgradeLine+" --yes")
	l := p.ledgers["to-1-31-0"].Clone()
	l.Held = nil
	if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Upgrading"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ output, says string }{
		{"text", "Worked on by  unknown (no permission to read the Lease)"},
		{"json", `"leaseUnreadable": true`},
	} {
		var o, e strings.Builder
		code := runCommand(t.Context(), []string{"status", "-o", c.output}, Streams{In: strings.NewReader(""), Out: &o, Err: &e},
			func(*app) (run.Cluster, error) { return unreadableLease{p}, nil }, &instantClock{now: noon})
		if code != exitDone || !strings.Contains(o.String(), c.says) || strings.Contains(o.String(), "No process works on") {
			t.Errorf("got exit code %d, want %d and %q: %s\n%s", code, exitDone, c.says, e.String(), o.String())
		}
	}
}
