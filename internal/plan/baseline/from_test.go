// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// From given during a run leads to the same baseline as From given at its start.
func TestLaterFromEqualsEarlierFrom(t *testing.T) {
	t.Parallel()
	w0, in := plantest.WorldOfAllBindings(), plantest.IntentForAll()
	begun := plantest.Forward(t, w0, in, step.Ledger{})
	differs := 0
	for k := range 40 {
		w, _, _ := plantest.Run(t, w0, begun, plantest.NewLedger(w0, begun), k, plantest.First, nil)
		late, early := in, in
		late.Run = "another"
		target, err := plan.ForwardTarget(w, late, step.Ledger{})
		if err != nil {
			break // nothing is left to move
		}
		l := plantest.NewLedger(w, target)
		late.From, early.From = "1-29-1", "1-29-1"
		got, want := baseline.WithFrom(w, late, l), baseline.New(w, early, target.Namespaces())
		want.MovedTags, want.Tags = l.Baseline.MovedTags, l.Baseline.Tags // decided once
		if diff := cmp.Diff(want, got.Baseline); diff != "" {
			t.Fatalf("point %d: baseline (-given at the start +given later):\n%s", k, diff)
		}
		if !cmp.Equal(l.Baseline, got.Baseline) {
			differs++
		}
		if diff := cmp.Diff(got, baseline.WithFrom(w, late, got)); diff != "" {
			t.Fatalf("point %d: baseline when From is given again:\n%s", k, diff)
		}
	}
	if differs < 5 {
		t.Errorf("baselines that From changes: got %d, want at least 5", differs)
	}
}
