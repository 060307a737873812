// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// Another process takes the Lease of a held run between the check for it and the
// rollback. It would not notice the change of direction, so the rollback is refused.
func TestNoRollbackOfARunTakenUpMeanwhile(t *testing.T) {
	p := shop()
	p.rejectsConfig = "db-1"
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatal(code, err)
	}
	p.anotherComesAfter = 1
	p.anotherWorks = func() { t.Error("got a wait for the Lease, want none") }
	code, out, err := runOn(p, "rollback --yes")
	if code != exitRefused || !strings.Contains(err, "kim@laptop works on it") {
		t.Errorf("got exit code %d, want %d: %s%s", code, exitRefused, out, err)
	}
	if p.run("to-1-31-0").Spec.Rollback {
		t.Error("got spec.rollback recorded, want the record unchanged")
	}
}

// A process that died at the last write of its upgrade leaves a Lease. A rollback
// waits for it to expire, and is refused only if it is renewed.
func TestRollbackWaitsForTheLeaseOfAnEndedRun(t *testing.T) {
	for _, c := range []struct {
		name         string
		expiresAfter int
		want         int
		says         string
	}{
		{name: "expires", expiresAfter: 12},
		{name: "is renewed", want: exitRefused, says: "kim@host, process 7 works on it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			completeUpgrade(t, p)
			p.leaseHolder, p.leaseExpiresAfter = "kim@host, process 7", c.expiresAfter
			if code, _, err := runOn(p, "rollback --yes"); code != c.want || !strings.Contains(err, c.says) {
				t.Errorf("got exit code %d, want %d and %q: %s", code, c.want, c.says, err)
			}
		})
	}
}
