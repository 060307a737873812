// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// PodTrial and ConfigurationTrial are the checks, by server-side dry run, that a
// mesh from which something was taken away still works.
var (
	PodTrial = []Check{
		{"pod-admitted", "A pod of the namespace would be created, with the wanted revision's sidecar.",
			"Look at the webhook that the message names: `kubectl get mutatingwebhookconfigurations`. One that calls a Service which is gone has to be deleted, or its tag to be moved.", podAdmitted},
	}
	ConfigurationTrial = []Check{
		{"configuration-admitted", "Valid configuration of Istio is admitted.",
			"Look at `kubectl get validatingwebhookconfigurations`: one that calls a Service which is gone refuses everything. Point it at the new revision (`istioctl tag set default`), or delete it.", validAdmitted},
		{"configuration-refused", "Configuration that is not valid is refused by the mesh's validator.",
			"The validator does not answer, and lets everything pass: look at where `kubectl get validatingwebhookconfigurations` points, and at istiod's log.", invalidRefused},
	}
)

func podAdmitted(f Facts) (Result, string) {
	for _, a := range f.Attempts {
		switch {
		case !a.Pod:
		case a.Full:
			return Warn, fmt.Sprintf("a pod in %s is kept out by its quota alone, which is asked after all webhooks: they would admit it, and its sidecar was not seen: %s", a.Namespace, a.Refusal)
		case !a.Admitted:
			return Wait, fmt.Sprintf("a pod in %s would not be created: %s", a.Namespace, a.Refusal)
		case !a.Sidecar.Present && f.Revision != "":
			return Wait, fmt.Sprintf("a pod in %s would be created without a sidecar", a.Namespace)
		case a.Sidecar.Revision != f.Revision:
			return Wait, fmt.Sprintf("a pod in %s would get a sidecar of %s, not of %s", a.Namespace, a.Sidecar.Revision, f.Revision)
		}
	}
	return Pass, "a pod would be created with a sidecar of " + f.Revision
}

func validAdmitted(f Facts) (Result, string) {
	for _, a := range f.Attempts {
		if !a.Pod && !a.Invalid && !a.Admitted {
			return Wait, fmt.Sprintf("valid configuration%s is refused: %s", labelled(a), a.Refusal)
		}
	}
	return Pass, "valid configuration is admitted"
}

func invalidRefused(f Facts) (Result, string) {
	for _, a := range f.Attempts {
		if !a.Pod && a.Invalid && a.Admitted {
			return Wait, fmt.Sprintf("configuration%s that is not valid is admitted", labelled(a))
		}
	}
	return Pass, "configuration that is not valid is refused"
}

func labelled(a mesh.Attempt) string {
	if value, ok := a.Labels[mesh.RevisionLabel]; ok {
		return " labelled " + mesh.RevisionLabel + "=" + value
	}
	return ""
}
