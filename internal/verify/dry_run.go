// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// DryRunPod are the checks, by server-side dry run, that pods can be created after a
// removal.
var DryRunPod = []Check{PodCreation}

// PodCreation reads Facts.DryRuns of pods.
var PodCreation = Check{
	Name:        "pod-creation",
	Description: "The API server would create a pod in the namespace, with the wanted revision's sidecar.",
	Hint: "Look at the webhook in the message: `kubectl get mutatingwebhookconfigurations`. " +
		"Delete it if its Service is gone, or move its tag.",
	Evaluate: podCreation,
}

// DryRunConfiguration are the checks, by server-side dry run, that Istio
// configuration is validated after a removal.
var DryRunConfiguration = []Check{
	{
		Name:        "valid-configuration",
		Description: "The API server accepts valid Istio configuration.",
		Hint: "Look at `kubectl get validatingwebhookconfigurations`: one whose Service is gone rejects everything. " +
			"Point it at the new revision (`istioctl tag set default --revision REVISION`), or delete it.",
		Evaluate: validConfiguration,
	},
	{
		Name:        "invalid-configuration",
		Description: "The mesh's validator rejects invalid Istio configuration.",
		Hint: "The validator does not answer, so the API server accepts everything. " +
			"See which Service `kubectl get validatingwebhookconfigurations -o yaml` names, and read istiod's log.",
		Evaluate: invalidConfiguration,
	},
}

// podCreation warns if only a quota rejects the pod: quotas come after all webhooks.
func podCreation(f Facts) (Result, string) {
	for _, a := range f.DryRuns {
		switch {
		case !a.Pod:
		case a.OverQuota:
			return Warn, fmt.Sprintf("only its quota rejects a pod in namespace %s, after all webhooks; its sidecar is unknown: %s",
				a.Namespace, a.Refusal)
		case !a.Accepted:
			return Wait, fmt.Sprintf("a pod in namespace %s would be rejected: %s", a.Namespace, a.Refusal)
		case !a.Sidecar.Present && f.Revision != "":
			return Wait, fmt.Sprintf("a pod in namespace %s would get no sidecar", a.Namespace)
		case a.Sidecar.Revision != f.Revision:
			return Wait, fmt.Sprintf("a pod in namespace %s would get a sidecar of %s instead of %s", a.Namespace, a.Sidecar.Revision, f.Revision)
		}
	}
	return Pass, "a pod would get a sidecar of " + f.Revision
}

func validConfiguration(f Facts) (Result, string) {
	for _, a := range f.DryRuns {
		if !a.Pod && !a.InvalidConfig && !a.Accepted {
			return Wait, fmt.Sprintf("valid configuration%s is rejected: %s", withLabel(a), a.Refusal)
		}
	}
	return Pass, "valid configuration is accepted"
}

func invalidConfiguration(f Facts) (Result, string) {
	for _, a := range f.DryRuns {
		if !a.Pod && a.InvalidConfig && a.Accepted {
			return Wait, fmt.Sprintf("invalid configuration%s is accepted", withLabel(a))
		}
	}
	return Pass, "invalid configuration is rejected"
}

func withLabel(a mesh.DryRunAttempt) string {
	if value, ok := a.Labels[mesh.RevisionLabel]; ok {
		return " labelled " + mesh.RevisionLabel + "=" + value
	}
	return ""
}
