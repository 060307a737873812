// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MeshUpgradeStatus is how far a run has come. Only Ledger is ever read back by
// a run; everything else is derived from it, for people.
type MeshUpgradeStatus struct {
	// Phase sums up the conditions for a table.
	Phase Phase `json:"phase,omitempty"`

	// Message is one sentence on the phase.
	Message string `json:"message,omitempty"`

	// Waves is "moved and proven / all", such as 1/3.
	Waves string `json:"waves,omitempty"`

	// Digest names the plan that was approved.
	Digest string `json:"digest,omitempty"`

	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Ledger holds what the cluster cannot be asked for: the baseline, the
	// approved plan, verdicts and soak starts. It is gzipped JSON;
	// `rerig status -o json` shows it in clear.
	Ledger []byte `json:"ledger,omitempty"`
}

// Phase is for people; nothing reads it back.
type Phase string

// The phases of a run.
const (
	Pending     Phase = "Pending"
	Upgrading   Phase = "Upgrading"
	Soaking     Phase = "Soaking"
	Held        Phase = "Held" // stopped, and somebody has to decide
	RollingBack Phase = "RollingBack"
	RolledBack  Phase = "RolledBack"
	Completed   Phase = "Completed"
)

// The conditions of a MeshUpgrade.
const (
	ConditionComplete = "Complete" // True: everything is where the spec wants it, and proven
	ConditionHeld     = "Held"     // True: the run stopped; the reason says why
)

// The reasons of a hold.
const (
	ReasonPlanChanged  = "PlanChanged" // what is left differs from what was approved
	ReasonCheckFailed  = "CheckFailed" // a proof failed
	ReasonTimedOut     = "TimedOut"    // a proof did not pass in its time
	ReasonInstall      = "InstallFailed"
	ReasonWaveReverted = "WaveReverted" // a failing wave was put back
	ReasonWriteFailed  = "WriteFailed"  // the cluster did not take a write
	ReasonForCommit    = "ForCommit"    // what a GitOps tool keeps has to be committed by somebody
)
