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

// TestStatusSeesARemoval: what a removal takes is looked for, so that it is among
// what is left.
func TestStatusSeesARemoval(t *testing.T) {
	p := shop()
	whole(t, p)
	for _, removes := range []bool{false, true} {
		p.runs[0].Spec.RemoveOld, p.removing = removes, ""
		if code, out, err := on(p, "status"); code != exitDone {
			t.Fatalf("exit code %d: %s%s", code, out, err)
		}
		if (p.removing == "to-1-31-0") != removes {
			t.Errorf("a removal is %t, and looked for: %q", removes, p.removing)
		}
	}
}

// A revision that others took away is said beside what is on record: of a run that
// is held, of one that nobody works on, and of one that is long over.
func TestStatusOfARunWhoseRevisionIsGone(t *testing.T) {
	const line = "upgrade --to 1-31-0 --soak 5s --waves 2 --yes"
	for name, c := range map[string]struct {
		breaks  func(*fakeCluster)
		says    []string
		resumed string // what the same command says then
		code    int
	}{
		"held": {func(p *fakeCluster) { p.refuses = "web-1" }, []string{"Held", "duplicate listener"}, "revision 1-31-0 is gone", exitRefused},
		"nobody works on it": {func(p *fakeCluster) { p.refuses = "web-1" }, []string{"Upgrading", "Install it again as it was", "rerig rollback to-1-31-0"},
			"revision 1-31-0 is gone", exitHeld},
		"over": {func(*fakeCluster) {}, []string{"Completed"}, "revision 1-31-0 is gone", exitRefused},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop()
			addPlane(&p.world, "1-31-0", "1.31.0")
			p.world.Sort()
			there := p.world.Revisions
			c.breaks(p)
			on(p, line)
			if name == "nobody works on it" {
				l := p.ledgers["to-1-31-0"].Clone()
				l.Held = nil
				s := &fakeRecord{p, "to-1-31-0"}
				if err := s.Save(t.Context(), l, engine.Summary{Phase: "Upgrading"}); err != nil {
					t.Fatal(err)
				}
			}
			p.mend()
			p.world.Revisions = p.world.Revisions[:1]
			code, out, err := on(p, "status to-1-31-0")
			for _, said := range append(c.says, "revision 1-31-0 is gone", "the cluster has 1-29-1") {
				if code != exitDone || !strings.Contains(strings.Join(strings.Fields(out), " "), said) {
					t.Errorf("exit code %d, %q is not said: %s\n%s", code, said, err, out)
				}
			}
			for _, not := range []string{"install 1-31-0", "Left:", "Nothing is left"} {
				if strings.Contains(out, not) {
					t.Errorf("%q is said:\n%s", not, out)
				}
			}
			if code, out, err := on(p, line); code != c.code || !strings.Contains(strings.Join(strings.Fields(out+err), " "), c.resumed) {
				t.Errorf("the same command: exit code %d: %s%s", code, out, err)
			}
			if held := p.run("to-1-31-0").Status.Phase == "Held"; held != (name != "over") {
				t.Errorf("its phase is %s", p.run("to-1-31-0").Status.Phase)
			}
			p.world.Revisions = there
			if code, out, err := on(p, line); code != exitDone {
				t.Errorf("the revision is there again, and the same command: exit code %d: %s%s", code, out, err)
			}
			p.world.Revisions = there[:1]
			if code, out, err := on(p, "rollback --yes to-1-31-0"); code != exitDone {
				t.Errorf("rollback: exit code %d: %s%s", code, out, err)
			}
		})
	}
}

// veiled is a cluster of fakeCluster whose Lease may not be read.
type veiled struct{ *fakeCluster }

func (veiled) Holder(context.Context) (string, error) {
	return "", fmt.Errorf("read the Lease istio-system/rerig: no permission: %w", engine.ErrRefused)
}

// Whoever may only look is shown where a run stands; who works on it is said not to
// be known, and that nobody does is not.
func TestStatusOfWhoMayOnlyLook(t *testing.T) {
	p := shop()
	p.refuses = "db-1"
	on(p, upgradeLine+" --yes")
	l := p.ledgers["to-1-31-0"].Clone()
	l.Held = nil
	if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Upgrading"}); err != nil {
		t.Fatal(err)
	}
	for output, says := range map[string]string{"text": "Worked on by  not known (you may not read the Lease)", "json": `"holderUnknown": true`} {
		var o, e strings.Builder
		code := runCommand(t.Context(), []string{"status", "-o", output}, Streams{In: strings.NewReader(""), Out: &o, Err: &e},
			func(*app) (run.Cluster, error) { return veiled{p}, nil }, &instantClock{now: noon})
		if code != exitDone || !strings.Contains(o.String(), says) || strings.Contains(o.String(), "obody works on it") {
			t.Errorf("exit code %d, %q: %s\n%s", code, says, e.String(), o.String())
		}
	}
}
