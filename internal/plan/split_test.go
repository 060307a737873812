// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/step"
)

// A default whose halves do not agree stays where it is and is named, and the way
// back asks for nothing that no cluster can give.
func TestATagOfTwoHalvesStays(t *testing.T) {
	w0 := sixWays()
	w0.Validator.Revision = "istiod" // chart base's defaultRevision=default: a Service that is not there
	target := forward(t, w0, allOf(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool {
		return n.Kind == step.TagStays && n.Subject == "tag default" && n.Evidence == "names 1-29-1+istiod" && n.Remedy != ""
	}) {
		t.Errorf("no note says that the default stays: %v", plan.Notes)
	}
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(allOf(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		end, _, done := carry(t, w, back, l, -1, first, nil)
		for _, s := range done {
			if s.Kind == step.Tag && (s.Subject == "default" || strings.Contains(s.To, "+")) {
				t.Fatalf("point %d: %s", k, s)
			}
		}
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
	}
}
