// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// The record of a rolled-back run is replaced by the next run of that name, which
// reports it. The record of a complete run is not replaced.
func TestReplacedRecordIsReported(t *testing.T) {
	const other = "upgrade --to 1-31-0 -n shop-web --yes"
	p := shop()
	if code, out, err := runOn(p, upgradeLine+" --yes"); code != exitDone || strings.Contains(out, "replaces the record") {
		t.Fatalf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	if code, _, err := runOn(p, other); code != exitRefused || !strings.Contains(err, "differs in spec.namespaces") {
		t.Errorf("after a complete run: got exit code %d, want %d: %s", code, exitRefused, err)
	}
	if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	const says = "This run replaces the record of an earlier run to-1-31-0, to revision 1-31-0, " +
		"rolled back at 2026-03-02 12:00:08 (shop-data, shop-web)."
	for _, line := range []string{strings.Replace(strings.TrimSuffix(other, " --yes"), "upgrade", "plan", 1), other} {
		if code, out, err := runOn(p, line); code != exitDone || !strings.Contains(out, says) {
			t.Errorf("%s: got exit code %d, want %d and %q: %s\n%s", line, code, exitDone, says, err, out)
		}
	}
	if got := p.run("to-1-31-0").Spec.Namespaces; got == nil {
		t.Error("got the earlier record, want the new one")
	}
}
