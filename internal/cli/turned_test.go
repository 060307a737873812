// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// Somebody takes the Lease of a held run between the question who works on it and
// the rollback: he would not hear of it, and nobody here has seen a plan.
func TestARunThatSomebodyTookUpMeanwhileIsNotTurnedAround(t *testing.T) {
	p := shop()
	p.refuses = "db-1"
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatal(code, err)
	}
	p.comes = 1
	p.works = func() { t.Error("it waits for the Lease") }
	code, out, err := on(p, "rollback --yes")
	if code != exitRefused || !strings.Contains(err, "kim@laptop works on it") {
		t.Errorf("exit code %d: %s%s", code, out, err)
	}
	if p.run("to-1-31-0").Spec.Rollback {
		t.Error("the record is turned around")
	}
}
