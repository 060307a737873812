// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
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
	case wl.Prerendered():
		return "its template is rendered for one revision: a replacement would have the same proxy"
	}
	return unfitPods(wl)
}

// UnfitHeld returns why a workload whose own template decides its revision cannot be moved by
// a held rollout, "" when it can.
func UnfitHeld(p step.Policy, wl mesh.Workload) string {
	reason := ""
	if p.LabelsTemplate(wl) {
		reason, _ = binding.TemplateLabelBlocked(wl)
	}
	switch {
	case wl.ForGateway() && wl.APIGateway.Unread != "":
		return wl.APIGateway.Unread
	case wl.ForGateway() && wl.APIGateway.Name == "":
		return "its Gateway does not exist"
	case wl.ForGateway() && wl.APIGateway.LabelManagedBy != "" && !wl.Swapping():
		return "its Gateway's own label " + mesh.RevisionLabel + " is managed by " + wl.APIGateway.LabelManagedBy +
			", which would restore it, so that istiod re-creates its pods: remove the label there, or leave the gateway"
	case wl.ForGateway() && p.UnmovableGateways != "" && !wl.Swapping():
		return p.UnmovableGateways
	case wl.ForGateway() && !slices.ContainsFunc(wl.Services, func(s mesh.Service) bool { return s.Name == wl.Name }):
		return "no Service of its name selects its pods, as that of its Gateway does"
	case !wl.ForGateway() && wl.Prerendered() && unfitRendered(p, wl) != "":
		return unfitRendered(p, wl)
	case wl.Replicas == 0:
		return "it is scaled to zero"
	case wl.Kind != mesh.Deployment:
		return "only the rollout of a Deployment can be held"
	case wl.Rollout.Paused:
		return "its rollout is paused"
	case reason != "":
		return reason
	}
	return unfitPods(wl)
}

// unfitRendered returns why the template of a gateway cannot be rendered for another revision,
// "" when it can.
func unfitRendered(p step.Policy, wl mesh.Workload) string {
	switch {
	case !wl.ByIstioctl():
		return "its template is rendered for one revision, and not by istioctl: the tool that rendered it has to render it again"
	case wl.ManagedBy != "":
		return wl.ManagedBy + " manages it, and would restore its template"
	case wl.Template.Deployed() == "":
		return "its template does not say for which revision it is rendered (annotation " + mesh.RevisionLabel + ")"
	case !p.RendersGateways && p.Run == "" && !wl.Swapping():
		return "its template has to be rendered from the target's IstioOperator file: give that file with --operator"
	}
	return ""
}

// unfitPods returns why pods of a workload cannot be detached and parked, "" when they can.
func unfitPods(wl mesh.Workload) string {
	switch {
	case wl.Template.Proxy && !wl.Prerendered():
		return "its template contains an istio-proxy container (injected by hand): a replacement would have the same one"
	case wl.Template.HostNetwork && wl.Prerendered():
		return "its pods use the network of their nodes (hostNetwork): a new one would need the ports of the old one"
	case wl.Template.HostNetwork:
		return "hostNetwork pods are never injected"
	case step.Unverifiable(wl) != "":
		return step.Unverifiable(wl)
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
