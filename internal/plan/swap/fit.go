// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Unfit says why a workload cannot be moved pod by pod, "" when it can.
func Unfit(wl mesh.Workload) string {
	switch {
	case wl.Kind == mesh.StatefulSet:
		return "a StatefulSet's pods are named: none can stand beside the one that it replaces"
	case wl.Kind == mesh.DaemonSet:
		return "a DaemonSet has one pod a node and no ReplicaSet that would make another"
	case wl.Kind == "ReplicaSet":
		return "nothing tells the pods of a bare ReplicaSet from released ones: its selector has no " + HashLabel
	case wl.Kind != mesh.Deployment:
		return "only what a Deployment's ReplicaSet owns can be moved pod by pod"
	case wl.Gateway:
		return "a gateway: gateways stay with the revision they have"
	case wl.Template.Proxy:
		return "its template carries an istio-proxy of its own (injected by hand): a replacement would bring the same one"
	case wl.Template.HostNetwork:
		return "hostNetwork pods are never injected"
	case step.Unverifiable(wl) != "":
		return step.Unverifiable(wl)
	case wl.Template.Labels[mesh.RevisionLabel] != "":
		return fmt.Sprintf("its template's own label %s chooses the revision: that takes a write to the template, which makes its pods anew", mesh.RevisionLabel)
	case wl.NotSideBySide != "":
		return wl.NotSideBySide
	case len(wl.Services) == 0:
		return "no Service selects its pods: nothing could take a pod out of use and leave it alive"
	}
	return cmp.Or(unfitServices(wl), unfitSelectors(wl))
}

// unfitServices looks for Services that select by what a swap has to change.
func unfitServices(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if s.Partial {
			return fmt.Sprintf("Service %s selects some of its pods, by labels that its template does not give them, and no replacement would have", s.Name)
		}
		if _, is := s.Selector[HashLabel]; is {
			return fmt.Sprintf("Service %s selects by %s, so that a released pod would no longer serve", s.Name, HashLabel)
		}
	}
	return ""
}
