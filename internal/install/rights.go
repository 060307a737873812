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

// manifestPermissions are the rights that an install of the manifest takes: each object is
// applied by the server (patch, and create for a new one), then the kinds that
// are pruned are listed, and istiod's Deployment is waited for. Whoever puts
// roles in must moreover hold what they grant, or may escalate; no question to
// the API server tells that beforehand.
func manifestPermissions(manifest []*unstructured.Unstructured) []Need {
	wanted := map[Need]bool{}
	want := func(kind schema.GroupVersionKind, namespace string, verbs ...string) {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		for _, verb := range verbs {
			wanted[Need{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: namespace}] = true
		}
	}
	for _, o := range manifest {
		namespace := objectOf(o).Namespace
		want(o.GroupVersionKind(), namespace, "create", "patch")
		switch o.GetKind() {
		case "CustomResourceDefinition", "DaemonSet", "Deployment":
			want(o.GroupVersionKind(), namespace, "get")
		}
	}
	for _, kind := range prunedKinds {
		want(kind, "", "list")
	}
	return sortPermissions(wanted)
}

func sortPermissions(wanted map[Need]bool) []Need {
	list := make([]Need, 0, len(wanted))
	for need := range wanted {
		list = append(list, need)
	}
	slices.SortFunc(list, func(a, b Need) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}

// permissions are the rights that an install by Helm takes: each object is read,
// created, and patched when it is there; the release is kept in Secrets; the
// control plane is waited for. Whoever puts roles in must moreover hold what
// they grant, or may escalate.
func (i HelmInstaller) permissions(manifest []*unstructured.Unstructured) []Need {
	wanted := map[Need]bool{}
	for _, o := range manifest {
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		for _, verb := range []string{"get", "create", "patch"} {
			wanted[Need{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: objectOf(o).Namespace}] = true
		}
	}
	for _, need := range releaseStoragePermissions(i.Root) {
		wanted[need] = true
	}
	wanted[Need{Verb: "get", Group: crdKind.Group, Resource: "customresourcedefinitions"}] = true
	for _, need := range readinessPermissions(i.Root) {
		wanted[need] = true
	}
	return sortPermissions(wanted)
}

// releaseStoragePermissions are the rights that Helm takes to keep a release.
func releaseStoragePermissions(namespace string) []Need {
	var list []Need
	for _, verb := range []string{"get", "list", "create", "update"} {
		list = append(list, Need{Verb: verb, Resource: "secrets", Namespace: namespace})
	}
	return list
}

// dedupe has each need once.
func dedupe(needs []Need) []Need {
	wanted := map[Need]bool{}
	for _, n := range needs {
		wanted[n] = true
	}
	return sortPermissions(wanted)
}

// readinessPermissions are the rights that waiting for a control plane takes.
func readinessPermissions(root string) []Need {
	return []Need{{Verb: "list", Resource: podResource.Resource, Namespace: root},
		{Verb: "list", Group: deploymentResource.Group, Resource: deploymentResource.Resource, Namespace: root},
		{Verb: "list", Resource: serviceResource.Resource, Namespace: root},
		{Verb: "list", Group: mutatingWebhookResource.Group, Resource: mutatingWebhookResource.Resource}}
}
