// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// From has to name an existing revision other than the target. A run that has begun continues
// without this check.
func TestFromNamesAnotherExistingRevision(t *testing.T) {
	w := plantest.WithRevision(plantest.WorldOfAllBindings(), "1-31-0", "1.31.0")
	for _, tc := range []struct{ from, wantText string }{
		{"", ""},
		{"1-29-1", ""},
		{"1-28-0", "has 1-29-1, 1-31-0"},
		{"1-31-0", "is the target revision"},
		{"prod", "does not exist"},
	} {
		in := plantest.IntentForAll()
		in.From = tc.from
		_, err := plan.ForwardTarget(w, in, step.Ledger{})
		if (err == nil) != (tc.wantText == "") || err != nil && !strings.Contains(err.Error(), tc.wantText) {
			t.Errorf("--from %q: got %v, want %q", tc.from, err, tc.wantText)
		}
		if _, err := plan.ForwardTarget(w, in, step.Ledger{Waves: [][]string{{"a"}}}); err != nil {
			t.Errorf("--from %q of a run that has begun: got %v, want no error", tc.from, err)
		}
	}
}
