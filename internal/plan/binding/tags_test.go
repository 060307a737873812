// SPDX-License-Identifier: Apache-2.0

package binding_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A default whose parts point to different revisions stays and is named. The rollback requests no
// tag that no cluster can have.
func TestSplitTagStays(t *testing.T) {
	t.Parallel()
	w0 := plantest.WorldOfAllBindings()
	w0.Validator.Revision = "istiod" // chart base with defaultRevision=default: a Service that does not exist
	target := plantest.Forward(t, w0, plantest.IntentForAll(), step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	if !slices.ContainsFunc(planned.Notes, func(n step.Note) bool {
		return n.Kind == step.TagStays && n.Subject == "tag default" && n.Evidence == "names 1-29-1+istiod" && n.Remedy != ""
	}) {
		t.Errorf("notes: got %v, want one that the default stays", planned.Notes)
	}
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(plantest.IntentForAll(), l, 0)
		l = plantest.Approve(w, back, l)
		end, _, done := plantest.Run(t, w, back, l, -1, plantest.First, nil)
		for _, s := range done {
			if s.Kind == step.Tag && (s.Subject == "default" || strings.Contains(s.To, "+")) {
				t.Fatalf("point %d: got step %s, want none of the default", k, s)
			}
		}
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
	}
}
