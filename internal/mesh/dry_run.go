// SPDX-License-Identifier: Apache-2.0

package mesh

// DryRunAttempt is an object that the API server checks and does not store (a server-side
// dry run), with the result.
type DryRunAttempt struct {
	Pod           bool // a pod, else an object of Istio's configuration
	Namespace     string
	Workload      WorkloadRef       // the workload whose template the pod has, "" for a plain pod
	Labels        map[string]string // in addition to those of the template
	InvalidConfig bool              // configuration that a validator has to refuse

	Accepted  bool    // the API server accepted the dry run
	Sidecar   Sidecar // the sidecar that was injected into the pod
	Refusal   string  // the API server's message
	OverQuota bool    // only a quota refused it: quotas are checked after all admission webhooks
}
