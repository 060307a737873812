// SPDX-License-Identifier: Apache-2.0

package step

import (
	"maps"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Ledger holds the facts that the cluster cannot be asked for. It is written before
// acting, and it is all that a resumed run needs beside the World. The names of its
// JSON fields are those of the first version: records outlive programs.
type Ledger struct {
	Baseline     Baseline     `json:"baseline"`          // the mesh when the run began
	Waves        [][]string   `json:"waves"`             // the namespaces of each wave, as divided when the run began
	Approved     []Step       `json:"approved"`          // the changing steps that were approved
	Reached      Rank         `json:"reached"`           // the furthest stage that the run has begun
	Revert       int          `json:"revert,omitempty"`  // the failed wave that is being rolled back; 0 for none
	Installation Installation `json:"install,omitempty"` // progress of installing the target revision

	// Rendered is the digest of the manifest that the installer rendered for the approved
	// plan, "" if nothing was rendered.
	Rendered string `json:"rendered,omitempty"`

	// RenderedInputs are, of the gateways that istioctl installed, what their templates are
	// rendered from, as RenderedInput writes it.
	RenderedInputs map[mesh.WorkloadRef]string `json:"renderedInputs,omitempty"`

	// AcceptedLoss are the settings of the old control plane that the approved plan listed
	// as lost, by mesh.ControlPlaneSettings.Lost.
	AcceptedLoss []string `json:"acceptedLoss,omitempty"`

	// Passed are the verdicts, by what was checked, and what dry runs showed before a
	// removal.
	Passed map[VerdictKey]Pass `json:"passed,omitempty"`

	// Waiting is since when a step is waited for: a verification, capacity, a control
	// plane, a trial pod, an eviction, a tag, a commit.
	Waiting map[WaitKey]time.Time `json:"waiting,omitempty"`

	// Soaking is since when a wave soaks (SoakKey), or a trial pod serves (TrialKey).
	Soaking map[VerdictKey]time.Time `json:"soaking,omitempty"`

	// Restarts are the templates from which a workload was restarted in its stage.
	Restarts map[MoveKey][]string `json:"restarts,omitempty"`

	// Evictions are pods that were evicted, detached as wrong replacements, or ended as
	// trials in a stage, by the first characters of their UIDs.
	Evictions map[MoveKey][]string `json:"evictions,omitempty"`

	// Workloads that bear no restart annotation of the run though it moved them, or may
	// have: pods of them were evicted, an earlier approval swapped them, or labelled
	// their template without a restart.
	EvictedFrom      map[mesh.WorkloadRef]bool `json:"evicting,omitempty"`
	SwapApproved     map[mesh.WorkloadRef]bool `json:"swapped,omitempty"`
	TemplateLabelled map[mesh.WorkloadRef]bool `json:"pinned,omitempty"`

	// SoakedHealthy are workloads of the soaking wave that were healthy after its time.
	SoakedHealthy map[mesh.WorkloadRef]bool `json:"sound,omitempty"`

	// TrustedRoots are fingerprints of roots other than the mesh's that proxies trusted
	// before they were moved.
	TrustedRoots []string `json:"trusted,omitempty"`

	Held             *Hold     `json:"held,omitempty"`    // why the run stopped
	Stopping         *Hold     `json:"leaving,omitempty"` // why the run stops once its trial pods are deleted
	RevertCause      *Hold     `json:"cause,omitempty"`   // why the wave in Revert is rolled back
	RollbackApproved bool      `json:"turned,omitempty"`  // Approved is a rollback to the baseline
	Started          time.Time `json:"started,omitzero"`
	Ended            time.Time `json:"ended,omitzero"`
}

// Installation tells an interrupted installation from a completed one.
type Installation string

// The progress of an installation.
const (
	NotInstalled Installation = ""      // the run has installed nothing
	Installing   Installation = "begun" // begun, and not known to have completed: it is repeated from the start
	Installed    Installation = "done"
)

// Pass is a verdict that passed.
type Pass struct {
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence"` // one line: what was observed
}

// Clone returns a copy whose maps can be written to.
func (l Ledger) Clone() Ledger {
	l.Passed, l.Waiting = maps.Clone(l.Passed), maps.Clone(l.Waiting)
	l.Soaking, l.Restarts = maps.Clone(l.Soaking), maps.Clone(l.Restarts)
	l.SoakedHealthy, l.Evictions, l.EvictedFrom = maps.Clone(l.SoakedHealthy), maps.Clone(l.Evictions), maps.Clone(l.EvictedFrom)
	l.SwapApproved, l.TemplateLabelled = maps.Clone(l.SwapApproved), maps.Clone(l.TemplateLabelled)
	return l
}
