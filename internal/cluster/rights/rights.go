// SPDX-License-Identifier: Apache-2.0

// Package rights says which RBAC rights reading the mesh and each kind of step
// need, and asks the API server which of them the user lacks.
package rights

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/lease"
)

// Right is one verb on one resource, as RBAC grants it.
type Right struct {
	Verb      string
	Group     string
	Resource  string // with its subresource: pods/portforward
	Namespace string // "" is all of them, or a resource that is in none
	Name      string // "" is all of them
}

// String returns the right as a person asks for it: "list deployments.apps".
func (r Right) String() string {
	s := r.Verb + " " + r.Resource
	if r.Group != "" {
		s += "." + r.Group
	}
	if r.Name != "" {
		s += " " + r.Name
	}
	if r.Namespace != "" {
		s += " in " + r.Namespace
	}
	return s
}

// API groups.
const (
	core          = ""
	admission     = "admissionregistration.k8s.io"
	apps          = "apps"
	argo          = "argoproj.io"
	batch         = "batch"
	autoscaling   = "autoscaling"
	coordination  = "coordination.k8s.io"
	discovery     = "discovery.k8s.io"
	networkPolicy = "networking.k8s.io"
	policy        = "policy"
)

// all returns a right on all objects of a resource, in every namespace.
func all(verb, group, resource string) Right {
	return Right{Verb: verb, Group: group, Resource: resource}
}

// in returns a right on all objects of a resource in one namespace.
func in(namespace, verb, group, resource string) Right {
	return Right{Verb: verb, Group: group, Resource: resource, Namespace: namespace}
}

// named returns a right on the objects of one name.
func named(name, verb, group, resource string) Right {
	return Right{Verb: verb, Group: group, Resource: resource, Name: name}
}

// Reading returns what every command needs, where istiod is in root.
func Reading(root string) []Right {
	return []Right{
		all("list", admission, "mutatingwebhookconfigurations"),
		all("list", apps, "controllerrevisions"),
		all("list", apps, "daemonsets"),
		all("list", apps, "deployments"),
		all("list", apps, "replicasets"),
		all("list", apps, "statefulsets"),
		all("list", batch, "cronjobs"),
		all("list", batch, "jobs"),
		all("list", core, "namespaces"),
		all("list", core, "pods"),
		all("list", core, "services"),
		named(istio.RootConfigMap, "get", core, "configmaps"), // of the mesh, and of each namespace that moves
		in(root, "list", core, "configmaps"),                  // the settings of control planes
		named(istio.DefaultValidator, "get", admission, "validatingwebhookconfigurations"),
		in(root, "create", core, "pods/portforward"),
		all("list", v1alpha1.Group, v1alpha1.Resource),
		all("get", v1alpha1.Group, v1alpha1.Resource),
	}
}

// Optional returns rights that a command can do without. Then it reports what is
// not known: the capacity of nodes, how control planes differ, who works on a run.
func Optional(root string) []Right {
	list := []Right{
		in(root, "list", networkPolicy, "networkpolicies"),
		all("list", istio.Definitions.Group, istio.Definitions.Resource),
		all("list", istio.EnvoyFilters.Group, istio.EnvoyFilters.Resource),
		all("list", istio.APIGateways.Group, istio.APIGateways.Resource),
		all("list", autoscaling, "horizontalpodautoscalers"),
		all("list", core, "nodes"),
		all("list", core, "resourcequotas"),
		{Verb: "get", Group: coordination, Resource: "leases", Namespace: root, Name: lease.Name},
	}
	for _, k := range istio.Configs {
		list = append(list, all("list", k.Resource.Group, k.Resource.Resource))
	}
	for _, k := range istio.RouteKinds() {
		list = append(list, all("list", k.Group, k.Resource))
	}
	return sorted(list)
}

// ReadingSelectors returns what a run that swaps reads besides: whatever selects
// pods by labels that a swap changes. Without these rights nothing is swapped, and
// the plan reports it.
func ReadingSelectors() []Right {
	list := []Right{
		all("list", core, "replicationcontrollers"),
		all("list", autoscaling, "horizontalpodautoscalers"),
		all("list", networkPolicy, "networkpolicies"),
		all("list", policy, "poddisruptionbudgets"),
	}
	for _, s := range istio.WorkloadSelectors() {
		list = append(list, all("list", s.Kind.Resource.Group, s.Kind.Resource.Resource))
	}
	return sorted(list)
}

// ReadingRemoval returns what a run that removes a revision reads besides.
func ReadingRemoval() []Right {
	var list []Right
	for _, k := range istio.Components {
		list = append(list, all("list", k.Resource.Group, k.Resource.Resource))
		if !slices.Contains([]string{"Secret", "DaemonSet", "EnvoyFilter"}, k.Name) {
			list = append(list, all("get", k.Resource.Group, k.Resource.Resource))
		}
	}
	for _, k := range istio.References() {
		if _, component := istio.Component(k.Name); !component {
			list = append(list, all("list", k.Resource.Group, k.Resource.Resource))
		}
	}
	return sorted(list)
}

// Pruning returns what the deletion of saved copies needs besides Reading.
func Pruning(root string) []Right {
	return []Right{in(root, "list", core, "secrets"), in(root, "delete", core, "secrets")}
}

// Rollouts returns what is needed where Argo's Rollouts are served.
func Rollouts(writes bool) []Right {
	list := []Right{all("list", argo, "rollouts")}
	if writes {
		list = append(list, all("patch", argo, "rollouts"))
	}
	return list
}

func sorted(list []Right) []Right {
	slices.SortFunc(list, func(a, b Right) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(list)
}
