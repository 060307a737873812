// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A default whose halves do not agree stays where it is and is named, and the way
// back asks for nothing that no cluster can give.
func TestATagOfTwoHalvesStays(t *testing.T) {
	w0 := sixWays()
	w0.Validator.Revision = "istiod" // chart base's defaultRevision=default: a Service that is not there
	target := forward(t, w0, allOf(), Ledger{})
	plan := Make(w0, target, Ledger{})
	if !slices.ContainsFunc(plan.Notes, func(n Note) bool {
		return n.Kind == TagStays && n.Subject == "tag default" && n.Evidence == "at 1-29-1+istiod" && n.Clears != ""
	}) {
		t.Errorf("no note says that the default stays: %v", plan.Notes)
	}
	for k := range len(Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, Opened(plan, noon), k, first, nil)
		back := Backward(allOf(), l, 0)
		l = l.Agreed(Make(w, back, l), noon)
		end, _, done := carry(t, w, back, l, -1, first, nil)
		for _, s := range done {
			if s.Kind == Tag && (s.Subject == "default" || strings.Contains(s.To, "+")) {
				t.Fatalf("point %d: %s", k, s)
			}
		}
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
	}
}
