// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// A run that was rolled back gives its name to the next, which says so, whatever that
// one asks for; one that is complete does not.
func TestARecordIsReplacedInSoManyWords(t *testing.T) {
	const other = "upgrade --to 1-31-0 -n shop-web --yes"
	p := shop()
	if code, out, err := on(p, upgradeLine+" --yes"); code != exitDone || strings.Contains(out, "is replaced") {
		t.Fatalf("exit code %d: %s\n%s", code, err, out)
	}
	if code, _, err := on(p, other); code != exitRefused || !strings.Contains(err, "differs in spec.namespaces") {
		t.Errorf("a complete run: exit code %d: %s", code, err)
	}
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	const says = "The record of an earlier run to-1-31-0, to revision 1-31-0, rolled back at 2026-03-02 12:00:08 (shop-data, shop-web) is replaced by this one's."
	for _, line := range []string{strings.Replace(strings.TrimSuffix(other, " --yes"), "upgrade", "plan", 1), other} {
		if code, out, err := on(p, line); code != exitDone || !strings.Contains(out, says) {
			t.Errorf("%s: exit code %d: %s\n%s", line, code, err, out)
		}
	}
	if got := p.run("to-1-31-0").Spec.Namespaces; got == nil {
		t.Error("the record is still the earlier one")
	}
}
