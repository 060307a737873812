// SPDX-License-Identifier: Apache-2.0

package verify

import "slices"

// ReplacementPod are the checks of the pods that replace swapped ones, before these
// leave the Services.
var ReplacementPod = slices.Concat([]Check{ReplacementServes},
	only(WorkloadRollout, "istiods-answer", "configuration-accepted", "proxy-connected", "configuration-acknowledged"))

// ReplacementServes passes if nothing is Pending.
var ReplacementServes = Check{
	Name:        "replacement-serves",
	Description: "The replacement pod is ready, has the wanted revision, and is an endpoint of every Service that selects the workload.",
	Hint:        "Read the events and the logs of the pod that is named. The pod that it replaces still serves.",
	Evaluate:    nothingPending(Wait),
}

// ReplacementRevision fails if a replacement with another revision's sidecar is Pending.
var ReplacementRevision = Check{
	Name:        "replacement-revision",
	Description: "The replacement pod has the wanted revision's sidecar.",
	Hint: "The namespace's label was changed meanwhile, or another webhook injects. " +
		"Compare the pod with the selectors of `kubectl get mutatingwebhookconfigurations -o yaml`. " +
		"Correct that and run the same command again: it replaces the pod.",
	Evaluate: nothingPending(Fail),
}

// ParkedPodIdle is evaluated before a parked pod is deleted.
var ParkedPodIdle = Check{
	Name:        "parked-pod-idle",
	Description: "The proxy of a parked pod reports no traffic, after the pod was out of the Services for its termination grace period.",
	Hint: "A long-lived connection keeps the parked pod from being deleted. " +
		"Close the connection at its client, or delete the pod, which cuts the connection.",
	Evaluate: nothingPending(Wait),
}

// gatewayIdleHint is the hint of ParkedPodIdle on a gateway.
const gatewayIdleHint = "A gateway's old pod has asked its clients to close their connections, and waits for those that are open. " +
	"It is deleted when none is left, or after --park-max, which cuts the rest. " +
	"Close the connections at their clients, or interrupt the run and give the same command with a shorter --park-max."

// ParkedPodDeleted is evaluated after a parked pod was deleted.
var ParkedPodDeleted = Check{
	Name:        "parked-pod-deleted",
	Description: "A deleted parked pod is gone.",
	Hint:        "The pod serves no requests any more. A finalizer (`kubectl get pods -n NAMESPACE -o yaml`) or an unreachable node keeps it.",
	Evaluate:    nothingPending(Wait),
}

// nothingPending returns a check that passes if the run waits for nothing.
func nothingPending(otherwise Result) func(Facts) (Result, string) {
	return func(f Facts) (Result, string) {
		if f.Pending == "" {
			return Pass, ""
		}
		return otherwise, f.Pending
	}
}
