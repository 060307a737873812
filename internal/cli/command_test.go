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

var update = flag.Bool("update", false, "write the golden files anew")

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

// on carries out a command line on fakeCluster; more are arguments that hold spaces.
func on(p *fakeCluster, line string, more ...string) (code int, out, err string) {
	var o, e strings.Builder
	code = runCommand(context.Background(), append(strings.Fields(line), more...), Streams{In: strings.NewReader(""), Out: &o, Err: &e},
		func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: noon})
	return code, o.String(), e.String()
}

const upgradeLine = "upgrade --to 1-31-0 --operator testdata/operator.yaml --soak 5s --waves 2"

// TestStory: what somebody sees who plans, upgrades, looks, asks again, and takes
// it all back.
func TestStory(t *testing.T) {
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
		code, out, err := on(p, step.line)
		if code != exitDone || err != "" {
			t.Fatalf("%s: exit code %d: %s", step.line, code, err)
		}
		if len(p.writes) != step.writes {
			t.Errorf("%s: %d writes so far, want %d: %s", step.line, len(p.writes), step.writes, p.writes)
		}
		golden(t, step.golden, out)
	}
}

// TestHeld: a proxy refuses what the new revision sends; the run stops there, or
// puts the wave back.
func TestHeld(t *testing.T) {
	for _, c := range []struct{ flags, golden, web string }{
		{"", "held.txt", "istio.io/rev=1-31-0"},
		{" --rollback-on-failure", "reverted.txt", "istio-injection=enabled"},
	} {
		p := shop()
		p.refuses = "web-1"
		code, out, err := on(p, upgradeLine+" --yes"+c.flags)
		if code != exitHeld || err != "" {
			t.Fatalf("exit code %d, want %d: %s", code, exitHeld, err)
		}
		golden(t, c.golden, out)
		ns, _ := p.world.Namespace("shop-web")
		if got := ns.Binding().String(); got != c.web {
			t.Errorf("shop-web bears %s, want %s", got, c.web)
		}
		if code, out, _ = on(p, "status"); code != exitDone || !strings.Contains(out, "Held") {
			t.Errorf("status: exit code %d:\n%s", code, out)
		}
		p.mend()
		if code, _, err = on(p, upgradeLine+" --yes --soak 9s"+c.flags); code != exitDone {
			t.Errorf("mended, and the same command again, with a longer soak: exit code %d: %s", code, err)
		}
		if got := p.run("to-1-31-0").Spec.Soak; got == nil || got.Duration != 9*time.Second {
			t.Errorf("the soak on record is %v, want the one that was asked for last, 9s", got)
		}
	}
}

// TestInPlace: everything is there already. That is no failure, and says so.
func TestInPlace(t *testing.T) {
	for line, says := range map[string]string{
		"upgrade --to 1-29-1 --yes":                 "Nothing to move: no namespace is bound to a revision other than 1-29-1. Nothing was changed",
		"upgrade --to 1-29-1 --yes -n shop-web":     "Nothing to move: revision 1-29-1 is the one in use in shop-web.",
		"plan --to 1-29-1":                          "Nothing to move",
		"upgrade --to 1-29-1 --yes -o json":         `"kind":"nothing"`,
		"upgrade --to 1-29-1 -n shop-web -n db-new": "",
	} {
		p := shop()
		code, out, err := on(p, line)
		if want := map[bool]int{true: exitDone, false: exitRefused}[says != ""]; code != want || !strings.Contains(out, says) || len(p.writes) > 0 {
			t.Errorf("%s: exit code %d, want %d: %s\n%s", line, code, want, err, out)
		}
	}
}

// TestMendedInstall: an install failed, its file was mended; the same command
// repeats it whole, though half of the revision is there.
func TestMendedInstall(t *testing.T) {
	p := shop()
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	r := p.run("to-1-31-0")
	r.Spec.Rollback, r.Spec.Install.Raw = false, []byte(`{"apiVersion":"install.istio.io/v1alpha1","kind":"IstioOperator","spec":{"profile":"demo"}}`)
	l := step.Ledger{Started: noon, Installation: step.Installing, Held: &step.Hold{Reason: "InstallFailed", Subject: "1-31-0"}, Waves: [][]string{{"shop-web"}}}
	if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Held"}); err != nil {
		t.Fatal(err)
	}
	p.writes, p.world.Revisions[1].Ready = nil, 0
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, err)
	}
	if !slices.Contains(p.writes, "put Revision /1-31-0") {
		t.Errorf("it was not installed again: %s", p.writes)
	}
}
