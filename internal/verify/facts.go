// SPDX-License-Identifier: Apache-2.0

package verify

import "github.com/rerig/rerig/internal/mesh"

// Facts are the input of checks. The engine sets the fields that the checks read.
type Facts struct {
	World    mesh.World
	Revision string // the control plane that is checked, or that the workload should use
	Version  string // the Istio version that the revision should have; "" for any

	// For a control plane.
	InUse           bool                        // it served the mesh when the run began
	Sidecars        map[mesh.WorkloadRef]string // -> revisions of its sidecars when the run began, joined with "+"
	MovedNamespaces map[string]bool             // namespaces that the run has bound to the revision, or is about to

	// For comparing a control plane with the ones that it replaces.
	Setups       mesh.ControlPlaneSettings
	OldRevisions []string // the revisions that it replaces
	AcceptedLoss []string // settings of these that it may lose, as ControlPlaneSettings.Lost names them

	// For a workload.
	Workload         mesh.Workload
	Pending          string            // what the run waits for; "" for nothing
	ExtraPods        int               // pods that its move needs beside the present ones
	ExtraServices    int               // Services that its move needs: a swap's keeper
	Evicted          bool              // it is moved by eviction, not by a rollout
	AttemptsUsed     bool              // it was restarted, or its pods evicted, as often as a run does
	Rollback         bool              // it moves towards the baseline: the control plane it leaves need not answer
	Certificate      *mesh.Certificate // of one of its pods; nil if no proxy was asked
	CertificateError string            // why the proxy that was asked did not answer
	FrontBefore      *mesh.Front       // of a gateway, when the run began; nil if it is not known
	Compared         *Comparison       // of a gateway's new pod with one that serves; nil if there is none
	TrustedRoots     []string          // roots that proxies trusted before the move, where these are not the mesh's

	// For a removal.
	Successor string // the control plane that replaces the removed one
	DryRuns   []mesh.DryRunAttempt
}
