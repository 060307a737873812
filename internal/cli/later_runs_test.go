// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/run"
)

// After two runs the older one is rolled back, and the plan names the newer one.
// Then a rollback without a name is of the run that ended last, and moves nothing.
func TestRollbackOfAnOlderRunNamesTheLater(t *testing.T) {
	p := shop()
	addControlPlane(&p.world, "1-31-0", "1.31.0")
	addControlPlane(&p.world, "1-32-0", "1.32.0")
	p.world.Sort()
	at := noon
	later := func(line string) string {
		t.Helper()
		at = at.Add(time.Hour)
		var o, e strings.Builder
		code := runCommand(t.Context(), strings.Fields(line), Streams{In: strings.NewReader(""), Out: &o, Err: &e},
			func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: at})
		if code != exitDone {
			t.Fatalf("%s: got exit code %d, want %d: %s%s", line, code, exitDone, e.String(), o.String())
		}
		return strings.Join(strings.Fields(o.String()), " ")
	}
	later("upgrade --to 1-31-0 --yes --soak 1s")
	later("upgrade --to 1-32-0 --yes --soak 1s")
	const passed = "A later run exists: run to-1-32-0 to revision 1-32-0 (shop-data, shop-web). " +
		"This rollback restores the state before run to-1-31-0."
	if out := later("rollback to-1-31-0 --yes"); !strings.Contains(out, passed) {
		t.Errorf("got a plan without %q:\n%s", passed, out)
	}
	if out := later("status"); !strings.Contains(out, "Run to-1-31-0") {
		t.Errorf("got the status of another run, want run to-1-31-0:\n%s", out)
	}
	p.writes = nil
	if out := later("rollback --yes"); len(p.writes) > 0 || !strings.Contains(out, "Run to-1-31-0 is rolled back") {
		t.Errorf("got writes %s, want none:\n%s", p.writes, out)
	}
	if out := later("rollback to-1-32-0 --yes"); strings.Contains(out, "After it came") {
		t.Errorf("got a later run, want none:\n%s", out)
	}
}
