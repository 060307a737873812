// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"
)

// SeeingRemovals is what a look needs beside Observing, for a run that takes a
// revision away.
func (c *Cluster) SeeingRemovals() []Permission {
	var list []Permission
	for kind := range made {
		r := resourceOf(kind)
		list = append(list, Permission{"list", r.Group, r.Resource, "", ""})
		if !slices.Contains([]string{"Secret", "DaemonSet", "EnvoyFilter"}, kind) {
			list = append(list, Permission{"get", r.Group, r.Resource, "", ""})
		}
	}
	for _, k := range claimants() {
		if k.kind != "EnvoyFilter" { // which a control plane may be made of as well
			list = append(list, Permission{"list", k.resource.Group, k.resource.Resource, "", ""})
		}
	}
	return sortedPermissions(list)
}

// TakingAway is what a removal, its keeping and the tries after it need beside
// Acting; and the way back after it.
func (c *Cluster) TakingAway() []Permission {
	list := []Permission{{"create", "", "pods", "", ""}, {"create", gateways.Group, gateways.Resource, c.Root, ""},
		{"update", "", "secrets", c.Root, ""},
		{"get", "apps", "statefulsets", "", ""}, {"get", "apps", "daemonsets", "", ""}}
	for kind := range made {
		if kind == "DaemonSet" {
			continue // these are of every revision
		}
		r, namespace := resourceOf(kind), c.Root
		if clusterWide(kind) {
			namespace = ""
		}
		for _, verb := range []string{"delete", "patch", "create"} {
			list = append(list, Permission{verb, r.Group, r.Resource, namespace, ""})
		}
		if kind == "Secret" || kind == "EnvoyFilter" {
			list = append(list, Permission{"get", r.Group, r.Resource, namespace, ""})
		}
	}
	return sortedPermissions(list)
}

func sortedPermissions(list []Permission) []Permission {
	slices.SortFunc(list, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}
