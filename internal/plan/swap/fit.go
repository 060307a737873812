// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Unfit returns why a workload cannot be swapped, "" when it can.
func Unfit(wl mesh.Workload) string {
	switch {
	case wl.Kind == mesh.StatefulSet:
		return "the pods of a StatefulSet have fixed names: none can run beside the one that it replaces"
	case wl.Kind == mesh.DaemonSet:
		return "a DaemonSet has one pod per node, and no ReplicaSet that would create another"
	case wl.Kind == "ReplicaSet":
		return "the selector of a bare ReplicaSet has no " + HashLabel + ": it would not release detached pods"
	case wl.Kind != mesh.Deployment:
		return "only pods of a Deployment's ReplicaSet can be swapped"
	case wl.ForGateway():
		return "istiod deploys it for a Gateway of the Gateway API, and re-creates its pods by that Gateway's labels"
	case wl.Template.Proxy:
		return "its template contains an istio-proxy container (injected by hand): a replacement would have the same one"
	case wl.Template.HostNetwork:
		return "hostNetwork pods are never injected"
	case step.Unverifiable(wl) != "":
		return step.Unverifiable(wl)
	case wl.Template.Labels[mesh.RevisionLabel] != "":
		return fmt.Sprintf("its template's own label %s chooses the revision: changing it re-creates the pods", mesh.RevisionLabel)
	case wl.NotSideBySide != "":
		return wl.NotSideBySide
	case len(wl.Services) == 0:
		return "no Service selects its pods: a pod could not be taken out of use and stay alive"
	}
	return cmp.Or(unfitServices(wl), unfitSelectors(wl))
}

// unfitServices returns which Service selects by labels that a swap changes, "" for
// none.
func unfitServices(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if s.Partial {
			return fmt.Sprintf(
				"Service %s selects some of its pods, by labels that are not in its template and that no replacement would have",
				s.Name,
			)
		}
		if _, is := s.Selector[HashLabel]; is {
			return fmt.Sprintf("Service %s selects by %s, so that a detached pod would no longer serve", s.Name, HashLabel)
		}
	}
	return ""
}
