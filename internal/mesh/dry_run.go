// SPDX-License-Identifier: Apache-2.0

package mesh

// DryRunAttempt is something that the API server is asked to admit and not to store
// (a server-side dry run), and what it said.
type DryRunAttempt struct {
	// Pod of a namespace, made from Workload's template where there is one; else
	// a piece of Istio's configuration.
	Pod           bool
	Namespace     string
	Workload      WorkloadRef       // the workload whose template the pod has
	Labels        map[string]string // beside those of the template
	InvalidConfig bool              // configuration that a validator has to refuse

	Admitted  bool
	Sidecar   Sidecar // that the pod was given
	Refusal   string  // in the API server's words
	OverQuota bool    // a quota alone refused it: whoever else admits pods is asked before
}
