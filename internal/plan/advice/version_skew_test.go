// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

func TestVersionSkew(t *testing.T) {
	for _, c := range []struct{ from, to, wantText string }{
		{from: "1.29.1", to: "1.31.0"},
		{from: "1.29.1", to: "1.29.4"},
		{from: "1.28.6", to: "1.31.0", wantText: "is 3 minor versions behind"},
		{from: "1.31.0", to: "1.29.4", wantText: "is newer than the target revision"},
		{from: "1.29.1, 1.31.0", to: "1.31.0"}, // another check reports two versions of one revision
		{from: "", to: "1.31.0"},
		{from: "1.28.6"},
	} {
		w := plantest.World()
		target, err := plan.ResolveTarget(w, plantest.Intent(), step.Ledger{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range w.Revisions {
			w.Revisions[i].Version = c.from
		}
		target.Version = c.to
		notes := slices.DeleteFunc(advice.Notes(w, target), func(n step.Note) bool { return n.Kind != step.VersionSkew })
		switch {
		case c.wantText == "" && len(notes) > 0:
			t.Errorf("from %q to %q: got %+v, want no note", c.from, c.to, notes)
		case c.wantText != "" && (len(notes) != 1 || !strings.Contains(notes[0].Text, c.wantText)):
			t.Errorf("from %q to %q: got %+v, want one with %q", c.from, c.to, notes, c.wantText)
		}
	}
}
