// SPDX-License-Identifier: Apache-2.0

package record

import (
	"testing"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/step"
)

// The engine's words for phases and reasons are those of the API.
func TestPhasesAndReasonsAreThoseOfTheAPI(t *testing.T) {
	for phase, want := range map[step.Phase]v1alpha1.Phase{
		step.PhasePending:     v1alpha1.Pending,
		step.PhaseUpgrading:   v1alpha1.Upgrading,
		step.PhaseSoaking:     v1alpha1.Soaking,
		step.PhaseHeld:        v1alpha1.Held,
		step.PhaseRollingBack: v1alpha1.RollingBack,
		step.PhaseRolledBack:  v1alpha1.RolledBack,
		step.PhaseCompleted:   v1alpha1.Completed,
	} {
		if string(phase) != string(want) {
			t.Errorf("phase: got %s, want %s", phase, want)
		}
	}
	for reason, want := range map[step.HoldReason]string{
		step.ReasonPlanChanged:   v1alpha1.ReasonPlanChanged,
		step.ReasonCheckFailed:   v1alpha1.ReasonCheckFailed,
		step.ReasonTimedOut:      v1alpha1.ReasonTimedOut,
		step.ReasonInstallFailed: v1alpha1.ReasonInstall,
		step.ReasonWaveReverted:  v1alpha1.ReasonWaveReverted,
		step.ReasonForCommit:     v1alpha1.ReasonForCommit,
		step.ReasonWriteFailed:   v1alpha1.ReasonWriteFailed,
	} {
		if string(reason) != want {
			t.Errorf("reason: got %s, want %s", reason, want)
		}
	}
}
