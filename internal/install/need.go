// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Need is one thing that the user must be permitted, for istioctl works with
// his rights.
type Need struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"` // "" is all of them, or a resource that is in none
}

// needs are the rights that an install of the manifest takes: each object is
// applied by the server (patch, and create for a new one), then the kinds that
// are pruned are listed, and istiod's Deployment is waited for. Whoever puts
// roles in must moreover hold what they grant, or may escalate; no question to
// the API server tells that beforehand.
func needs(manifest []*unstructured.Unstructured) []Need {
	wanted := map[Need]bool{}
	want := func(kind schema.GroupVersionKind, namespace string, verbs ...string) {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		for _, verb := range verbs {
			wanted[Need{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: namespace}] = true
		}
	}
	for _, o := range manifest {
		namespace := named(o).Namespace
		want(o.GroupVersionKind(), namespace, "create", "patch")
		switch o.GetKind() {
		case "CustomResourceDefinition", "DaemonSet", "Deployment":
			want(o.GroupVersionKind(), namespace, "get")
		}
	}
	for _, kind := range uninstalled {
		want(kind, "", "list")
	}
	return sortedNeeds(wanted)
}

func sortedNeeds(wanted map[Need]bool) []Need {
	list := make([]Need, 0, len(wanted))
	for need := range wanted {
		list = append(list, need)
	}
	slices.SortFunc(list, func(a, b Need) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}
