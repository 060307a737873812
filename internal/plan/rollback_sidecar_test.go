// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A target whose webhook is called and injects nothing leaves pods without sidecar. The rollback
// restarts these workloads, and only these.
func TestRollbackRestoresLostSidecars(t *testing.T) {
	w := plantest.World()
	l := plantest.NewLedger(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{}))
	lost := "Deployment a/w0"
	for i, wl := range w.Workloads {
		if wl.Namespace != "a" {
			continue
		}
		w.Workloads[i].Pods = slices.Clone(wl.Pods)
		for j := range wl.Pods {
			w.Workloads[i].Pods[j].Sidecar = mesh.Sidecar{}
		}
		if string(wl.Ref()) == lost {
			w.Workloads[i].RestartAnnotation.Run = plantest.Intent().Run
		}
	}
	back := plan.RollbackTarget(plantest.Intent(), l, 1)
	var restarted []string
	for _, s := range step.Flat(plan.Steps(w, back, l)) {
		if s.Kind == step.Restart {
			restarted = append(restarted, s.String())
			w, l = plan.Simulate(w, back, l, s, plantest.Noon)
		}
	}
	if !slices.Equal(restarted, []string{"restart " + lost + ": no sidecar -> 1-29-1"}) {
		t.Errorf("restarts: got %q, want one of %s", restarted, lost)
	}
	if wl, _ := w.Workload(mesh.WorkloadRef(lost)); !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
		t.Errorf("sidecars: got %q, want 1-29-1", wl.Sidecars())
	}
	for _, s := range step.Flat(plan.Steps(w, back, l)) {
		if s.Kind == step.Restart {
			t.Errorf("got another step %s, want none", s)
		}
	}
}
