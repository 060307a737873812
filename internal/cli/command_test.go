// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/run"
	"github.com/rerig/rerig/internal/step"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with testdata/name, or writes it there with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// runOn runs a command line on a fake cluster. more are arguments with spaces.
func runOn(p *fakeCluster, line string, more ...string) (code int, out, err string) {
	var o, e strings.Builder
	code = runCommand(context.Background(), append(strings.Fields(line), more...), Streams{In: strings.NewReader(""), Out: &o, Err: &e},
		func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: noon})
	return code, o.String(), e.String()
}

// otherOperator is another IstioOperator than that of upgradeLine.
const otherOperator = `{"apiVersion":"install.istio.io/v1alpha1","kind":"IstioOperator","spec":{"profile":"demo"}}`

const upgradeLine = "upgrade --to 1-31-0 --operator testdata/operator.yaml --soak 5s --waves 2"

// A person plans, upgrades, looks at the status, repeats the upgrade and rolls it
// back.
func TestCommandsInOrder(t *testing.T) {
	p := shop()
	for _, step := range []struct {
		golden, line string
		writes       int
	}{
		{"story-1-inventory.txt", "inventory", 0},
		{"story-2-plan.txt", "plan --to 1-31-0 --operator testdata/operator.yaml --soak 5s --waves 2", 0},
		{"story-3-upgrade.txt", upgradeLine + " --yes", 9},
		{"story-4-status.txt", "status", 9},
		{"story-5-again.txt", upgradeLine + " --yes", 9},
		{"story-6-rollback.txt", "rollback --yes", 15},
		{"story-7-status.txt", "status to-1-31-0", 15},
		{"story-8-again.txt", "rollback", 15},
		{"story-9-events.jsonl", upgradeLine + " --yes -o json", 21},
	} {
		code, out, err := runOn(p, step.line)
		if code != exitDone || err != "" {
			t.Fatalf("%s: got exit code %d, want %d: %s", step.line, code, exitDone, err)
		}
		if len(p.writes) != step.writes {
			t.Errorf("%s: got %d writes so far, want %d: %s", step.line, len(p.writes), step.writes, p.writes)
		}
		golden(t, step.golden, out)
	}
}

// A proxy rejects the configuration of the new revision: the run is held, or rolls
// the wave back.
func TestFailingCheckHoldsTheRun(t *testing.T) {
	for _, c := range []struct{ flags, golden, web string }{
		{"", "held.txt", "istio.io/rev=1-31-0"},
		{" --rollback-on-failure", "reverted.txt", "istio-injection=enabled"},
	} {
		p := shop()
		p.rejectsConfig = "web-1"
		code, out, err := runOn(p, upgradeLine+" --yes"+c.flags)
		if code != exitHeld || err != "" {
			t.Fatalf("got exit code %d, want %d: %s", code, exitHeld, err)
		}
		golden(t, c.golden, out)
		ns, _ := p.world.Namespace("shop-web")
		if got := ns.Binding().String(); got != c.web {
			t.Errorf("got label %s of shop-web, want %s", got, c.web)
		}
		code, out, _ = runOn(p, "status")
		for _, want := range []string{"Held", "Check       configuration-accepted (docs/reference/checks.md)\n"} {
			if code != exitDone || !strings.Contains(out, want) {
				t.Errorf("status: got exit code %d, want %d and %q:\n%s", code, exitDone, want, out)
			}
		}
		p.acceptConfig()
		if code, _, err = runOn(p, upgradeLine+" --yes --soak 9s"+c.flags); code != exitDone {
			t.Errorf("the same command with a longer soak: got exit code %d, want %d: %s", code, exitDone, err)
		}
		if got := p.run("to-1-31-0").Spec.Soak; got == nil || got.Duration != 9*time.Second {
			t.Errorf("got recorded soak %v, want 9s, which was asked for last", got)
		}
	}
}

func TestNothingToDoIsNoFailure(t *testing.T) {
	for _, c := range []struct {
		line, says string
		want       int
	}{
		{line: "upgrade --to 1-29-1 --yes", says: "Nothing to move: no namespace is bound to a revision other than 1-29-1. Nothing was changed"},
		{line: "upgrade --to 1-29-1 --yes -n shop-web", says: "Nothing to move: revision 1-29-1 is the one in use in shop-web."},
		{line: "plan --to 1-29-1", says: "Nothing to move"},
		{line: "upgrade --to 1-29-1 --yes -o json", says: `"kind":"nothing"`},
		{line: "upgrade --to 1-29-1 -n shop-web -n db-new", want: exitRefused},
	} {
		t.Run(c.line, func(t *testing.T) {
			p := shop()
			code, out, err := runOn(p, c.line)
			if code != c.want || !strings.Contains(out, c.says) || len(p.writes) > 0 {
				t.Errorf("got exit code %d, writes %s and %q, want %d, none and %q: %s", code, p.writes, out, c.want, c.says, err)
			}
		})
	}
}

// An install failed and its file was corrected: the same command repeats the
// complete install, although a part of the revision exists.
func TestCorrectedInstallIsRepeated(t *testing.T) {
	p := shop()
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	r := p.run("to-1-31-0")
	r.Spec.Rollback, r.Spec.Install.Raw = false, []byte(otherOperator)
	l := step.Ledger{Started: noon, Installation: step.Installing, Waves: [][]string{{"shop-web"}},
		Held: &step.Hold{Reason: "InstallFailed", Subject: "1-31-0"}}
	if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Held"}); err != nil {
		t.Fatal(err)
	}
	p.writes, p.world.Revisions[1].Ready = nil, 0
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
	}
	if !slices.Contains(p.writes, "install Revision /1-31-0") {
		t.Errorf("got writes %s, want the revision installed again", p.writes)
	}
}
