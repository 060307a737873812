// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MeshUpgradeStatus says how far the run has come. Rerig reads only ledger back;
// the other fields are derived from it for people.
type MeshUpgradeStatus struct {
	// Phase summarizes the conditions.
	Phase Phase `json:"phase,omitempty"`

	// Message explains the phase in one sentence.
	Message string `json:"message,omitempty"`

	// Waves is the number of moved and verified waves and of all waves, such as 1/3.
	Waves string `json:"waves,omitempty"`

	// Digest identifies the approved plan.
	Digest string `json:"digest,omitempty"`

	// Conditions are Complete and Held.
	//
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Ledger holds what cannot be read from the cluster: the baseline, the approved
	// plan, verdicts, and the times at which waits and soaks began. It is gzipped
	// JSON; `rerig status -o json` shows it.
	Ledger []byte `json:"ledger,omitempty"`
}

// Phase summarizes a run for people. Rerig does not read it back.
//
// +kubebuilder:validation:Enum=Pending;Upgrading;Soaking;Held;RollingBack;RolledBack;Completed
type Phase string

// The phases of a run.
const (
	Pending     Phase = "Pending"
	Upgrading   Phase = "Upgrading"
	Soaking     Phase = "Soaking"
	Held        Phase = "Held" // stopped until someone decides
	RollingBack Phase = "RollingBack"
	RolledBack  Phase = "RolledBack"
	Completed   Phase = "Completed"
)

// The conditions of a MeshUpgrade.
const (
	ConditionComplete = "Complete" // True: the run has ended, and everything is verified
	ConditionHeld     = "Held"     // True: the run stopped; the reason says why
)

// The reasons of a hold.
const (
	ReasonPlanChanged  = "PlanChanged" // what is left differs from what was approved
	ReasonCheckFailed  = "CheckFailed" // a check failed
	ReasonTimedOut     = "TimedOut"    // a check did not pass in time
	ReasonInstall      = "InstallFailed"
	ReasonWaveReverted = "WaveReverted" // a failing wave was rolled back
	ReasonWriteFailed  = "WriteFailed"  // the cluster did not accept a write
	ReasonForCommit    = "ForCommit"    // labels that a GitOps tool manages must be committed
)
