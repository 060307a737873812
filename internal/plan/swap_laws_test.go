// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// The laws hold for a plan with swaps: the remaining stages are a suffix of it, and a rollback
// from every point restores the baseline pod by pod.
func TestLawsHoldWithSwaps(t *testing.T) {
	t.Parallel()
	w0, in := plantest.SwappableWorld()
	target := plantest.Forward(t, w0, in, step.Ledger{})
	planned := plan.Make(w0, target, step.Ledger{})
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), -1, r.IntN, func(
			_ mesh.World, l step.Ledger, left []step.Stage, _ step.Step,
		) {
			if diff := cmp.Diff(planned.Stages[len(planned.Stages)-len(left):][1:], left[1:]); diff != "" {
				t.Fatalf("later stages (-plan +remaining):\n%s", diff)
			}
			if drift := plan.Drift(left, target, l); drift != nil {
				t.Fatalf("drift without a disturbance: got %v, want none", drift)
			}
		})
	}
	kinds := map[step.Kind]int{}
	for _, s := range step.Flat(planned.Stages) {
		kinds[s.Kind]++
	}
	if kinds[step.Swap] != 4 || kinds[step.DeleteParked] != 4 || kinds[step.Restart] != 8 {
		t.Errorf("steps: got %v, want 4 swaps, 4 deletions of parked pods and 8 restarts", kinds)
	}
	for k := range len(step.Flat(planned.Stages)) + 1 {
		w, l, _ := plantest.Run(t, w0, target, plan.NewLedger(planned, plantest.Noon), k, plantest.First, nil)
		back := plan.RollbackTarget(in, l, 0)
		l = plantest.Approve(w, back, l)
		end, l, done := plantest.Run(t, w, back, l, -1, plantest.First, func(w mesh.World, l step.Ledger, left []step.Stage, _ step.Step) {
			if drift := plan.Drift(left, back, l); drift != nil {
				t.Fatalf("point %d: drift of the rollback: got %v, want none", k, drift)
			}
		})
		deleted := slices.ContainsFunc(step.Flat(planned.Stages)[:k], func(s step.Step) bool { return s.Kind == step.DeleteParked })
		if diff := cmp.Diff(plantest.Settled(w0), plantest.Settled(end)); diff != "" && !deleted {
			t.Fatalf("point %d: World after the rollback (-before +after):\n%s", k, diff)
		}
		for _, s := range done {
			if wl, _ := end.Workload(s.Workload()); s.Kind == step.Swap {
				if _, verified := l.Passed[step.VerifyKey(end, wl, "1-29-1")]; !verified || wl.Swapping() {
					t.Fatalf("point %d: %s was swapped: got verdict %t and swapping %t, want true and false", k, s.Subject, verified, wl.Swapping())
				}
			}
		}
	}
}

// A second swap needs another verification, because the template does not change with the pods.
func TestSwapVoidsEarlierVerdicts(t *testing.T) {
	w, in := plantest.SwappableWorld()
	target := plantest.Forward(t, w, in, step.Ledger{})
	end, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), -1, plantest.First, nil)
	back := plan.RollbackTarget(in, l, 0)
	end, l, _ = plantest.Run(t, end, back, plantest.Approve(end, back, l), -1, plantest.First, nil)
	l = plantest.Approve(end, target, l)
	for key := range l.Passed {
		if key.Kind == step.Verify && key.Workload.Kind() == mesh.Deployment && key.Revision == "1-31-0" {
			t.Errorf("verdict %s: got kept, want void for the next pods", key)
		}
	}
}
