// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A workload that is paused, or made to keep its old pods, after its restart was approved
// must still be verified.
func TestWorkloadPausedDuringTheRunIsVerified(t *testing.T) {
	t.Parallel()
	for _, held := range []struct {
		message string
		rollout mesh.Rollout
		reason  step.HoldReason
	}{
		{"rollouts are paused", mesh.Rollout{Done: true, Paused: true}, step.ReasonTimedOut},
		// Another strategy needs approval.
		{"evict-pods Deployment b/x: 1-29-1 -> 1-31-0", mesh.Rollout{Done: true, OnDelete: true}, step.ReasonPlanChanged},
	} {
		t.Run(held.message, func(t *testing.T) {
			t.Parallel()
			f := newUpgrade()
			f.afterWrite = func(c step.Change) {
				for i, wl := range f.world.Workloads {
					if c.Namespace == "a" && wl.Ref() == "Deployment b/x" {
						f.world.Workloads[i].Rollout = held.rollout
					}
				}
			}
			expect(t, f, Held)
			wantHold(t, f, step.Hold{Reason: held.reason, Subject: "Deployment b/x", Message: held.message})
			for i := range f.world.Workloads {
				f.world.Workloads[i].Rollout = mesh.Rollout{Done: true}
			}
			f.afterWrite = nil
			expect(t, f, Completed)
			wantSidecars(t, f, allNew)
		})
	}
}
