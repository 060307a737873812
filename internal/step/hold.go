// SPDX-License-Identifier: Apache-2.0

package step

import "time"

// Phase summarizes a run for people, as v1alpha1 lists the phases.
type Phase string

// The phases of a run.
const (
	PhasePending     Phase = "Pending"
	PhaseUpgrading   Phase = "Upgrading"
	PhaseSoaking     Phase = "Soaking"
	PhaseHeld        Phase = "Held"
	PhaseRollingBack Phase = "RollingBack"
	PhaseRolledBack  Phase = "RolledBack"
	PhaseCompleted   Phase = "Completed"
)

// HoldReason says why a run stopped, as v1alpha1 lists the reasons.
type HoldReason string

// The reasons of a hold.
const (
	ReasonPlanChanged   HoldReason = "PlanChanged"   // what is left differs from what was approved
	ReasonCheckFailed   HoldReason = "CheckFailed"   // a check failed
	ReasonTimedOut      HoldReason = "TimedOut"      // a check did not pass in time
	ReasonInstallFailed HoldReason = "InstallFailed" // the revision could not be installed
	ReasonWaveReverted  HoldReason = "WaveReverted"  // a failing wave was rolled back
	ReasonForCommit     HoldReason = "ForCommit"     // labels that a GitOps tool manages must be committed
	ReasonWriteFailed   HoldReason = "WriteFailed"   // the cluster did not accept a write
)

// Hold says why a run stopped and what it needs.
type Hold struct {
	Reason  HoldReason `json:"reason"`
	Subject string     `json:"subject"`         // the object at which it stopped
	Check   string     `json:"check,omitempty"` // the check that failed or did not pass in time; "" if none did
	Message string     `json:"message"`         // what was observed
	Hint    string     `json:"hint"`            // what to do
	Wave    int        `json:"wave,omitempty"`
	At      time.Time  `json:"at"`
}
