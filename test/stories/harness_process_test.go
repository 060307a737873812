// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
	"time"
)

// TestHarnessProcess shows that a process reports its exit code, a kill, and both
// outputs.
func TestHarnessProcess(t *testing.T) {
	p := startProcess(t, nil, "/bin/sh", "-c", "echo out; echo err >&2; exit 3")
	if code := p.code(t, 5*time.Second); code != 3 {
		t.Errorf("code %d, want 3", code)
	}
	if p.stdout() != "out\n" || !strings.Contains(p.text(), "err\n") {
		t.Errorf("heard %q, of it %q on standard output", p.text(), p.stdout())
	}
	p = startProcess(t, nil, "/bin/sh", "-c", "echo ready; exec sleep 60")
	p.waitOutput(t, "ready", 5*time.Second)
	p.kill()
	if code := p.code(t, 5*time.Second); code != -1 {
		t.Errorf("code %d of a killed process, want -1", code)
	}
}
