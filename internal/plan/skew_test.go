// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/step"
)

func TestVersionsFarApartAreSaid(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"1.29.1", "1.31.0", ""},
		{"1.29.1", "1.29.4", ""},
		{"1.28.6", "1.31.0", "is 3 minor versions behind"},
		{"1.31.0", "1.29.4", "is newer than the target revision"},
		{"1.29.1, 1.31.0", "1.31.0", ""}, // two at once are another check's matter
		{"", "1.31.0", ""},
		{"1.28.6", "", ""},
	} {
		w := start()
		target, err := ResolveTarget(w, intent(), step.Ledger{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range w.Revisions {
			w.Revisions[i].Version = c.from
		}
		target.Version = c.to
		notes := advice.VersionSkew(w, target)
		if said := len(notes) == 1 && strings.Contains(notes[0].Text, c.says); c.says != "" && !said || c.says == "" && len(notes) != 0 {
			t.Errorf("from %q to %q: %+v, want %q", c.from, c.to, notes, c.says)
		}
	}
}
