// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A target that injects nothing, though its webhook is called, leaves pods
// without a sidecar: the way back restarts them, and only them.
func TestTheWayBackGivesLostSidecarsBack(t *testing.T) {
	w := start()
	l := NewLedger(Make(w, forward(t, w, intent(), step.Ledger{}), step.Ledger{}), noon)
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
			w.Workloads[i].RestartAnnotation.Run = intent().Run
		}
	}
	back := RollbackTarget(intent(), l, 1)
	var restarted []string
	for _, s := range step.Flat(Steps(w, back, l)) {
		if s.Kind == step.Restart {
			restarted = append(restarted, s.String())
			w, l = Simulate(w, back, l, s, noon)
		}
	}
	if !slices.Equal(restarted, []string{"restart " + lost + ": no sidecar -> 1-29-1"}) {
		t.Errorf("restarted: %q", restarted)
	}
	if wl, _ := w.Workload(mesh.WorkloadRef(lost)); !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
		t.Errorf("it ends on %q", wl.Sidecars())
	}
	for _, s := range step.Flat(Steps(w, back, l)) {
		if s.Kind == step.Restart {
			t.Errorf("restarted again: %s", s)
		}
	}
}
