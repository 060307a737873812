// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/run"
)

// After two runs the older one is taken back: the plan names the newer one. Then,
// without a name, the rollback is of the run that ended last, and moves nothing; the
// one begun last would move the mesh on.
func TestRollbackOfAnOlderRun(t *testing.T) {
	p := shop()
	addPlane(&p.world, "1-31-0", "1.31.0")
	addPlane(&p.world, "1-32-0", "1.32.0")
	p.world.Sort()
	at := noon
	later := func(line string) string {
		t.Helper()
		at = at.Add(time.Hour)
		var o, e strings.Builder
		code := runCommand(t.Context(), strings.Fields(line), Streams{In: strings.NewReader(""), Out: &o, Err: &e},
			func(*app) (run.Cluster, error) { return p, nil }, &instantClock{now: at})
		if code != exitDone {
			t.Fatalf("%s: exit code %d %s%s", line, code, e.String(), o.String())
		}
		return strings.Join(strings.Fields(o.String()), " ")
	}
	later("upgrade --to 1-31-0 --yes --soak 1s")
	later("upgrade --to 1-32-0 --yes --soak 1s")
	const passed = "After it came run to-1-32-0 to revision 1-32-0 (shop-data, shop-web). This goes back past that, to what was found before run to-1-31-0."
	if out := later("rollback to-1-31-0 --yes"); !strings.Contains(out, passed) {
		t.Errorf("the newer run is not named:\n%s", out)
	}
	if out := later("status"); !strings.Contains(out, "Run to-1-31-0") {
		t.Errorf("status shows another run:\n%s", out)
	}
	p.writes = nil
	if out := later("rollback --yes"); len(p.writes) > 0 || !strings.Contains(out, "Run to-1-31-0 is rolled back") {
		t.Errorf("wrote %s:\n%s", p.writes, out)
	}
	if out := later("rollback to-1-32-0 --yes"); strings.Contains(out, "After it came") {
		t.Errorf("nothing came after it:\n%s", out)
	}
}
