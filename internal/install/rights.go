// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Permission is one thing that the user must be permitted, for istioctl works with
// his rights.
type Permission struct {
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
func manifestPermissions(manifest []*unstructured.Unstructured) []Permission {
	wanted := map[Permission]bool{}
	want := func(kind schema.GroupVersionKind, namespace string, verbs ...string) {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		for _, verb := range verbs {
			wanted[Permission{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: namespace}] = true
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

func sortPermissions(wanted map[Permission]bool) []Permission {
	list := make([]Permission, 0, len(wanted))
	for need := range wanted {
		list = append(list, need)
	}
	slices.SortFunc(list, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}

// permissions are the rights that an install by Helm takes: each object is read,
// created, and patched when it is there; the release is kept in Secrets; the
// control plane is waited for. Whoever puts roles in must moreover hold what
// they grant, or may escalate.
func (i HelmInstaller) permissions(manifest []*unstructured.Unstructured) []Permission {
	wanted := map[Permission]bool{}
	for _, o := range manifest {
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		for _, verb := range []string{"get", "create", "patch"} {
			wanted[Permission{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: objectOf(o).Namespace}] = true
		}
	}
	for _, need := range releaseStoragePermissions(i.Root) {
		wanted[need] = true
	}
	wanted[Permission{Verb: "get", Group: crdKind.Group, Resource: "customresourcedefinitions"}] = true
	for _, need := range readinessPermissions(i.Root) {
		wanted[need] = true
	}
	return sortPermissions(wanted)
}

// releaseStoragePermissions are the rights that Helm takes to keep a release.
func releaseStoragePermissions(namespace string) []Permission {
	var list []Permission
	for _, verb := range []string{"get", "list", "create", "update"} {
		list = append(list, Permission{Verb: verb, Resource: "secrets", Namespace: namespace})
	}
	return list
}

// dedupe has each need once.
func dedupe(needs []Permission) []Permission {
	wanted := map[Permission]bool{}
	for _, n := range needs {
		wanted[n] = true
	}
	return sortPermissions(wanted)
}

// readinessPermissions are the rights that waiting for a control plane takes.
func readinessPermissions(root string) []Permission {
	return []Permission{{Verb: "list", Resource: podResource.Resource, Namespace: root},
		{Verb: "list", Group: deploymentResource.Group, Resource: deploymentResource.Resource, Namespace: root},
		{Verb: "list", Resource: serviceResource.Resource, Namespace: root},
		{Verb: "list", Group: mutatingWebhookResource.Group, Resource: mutatingWebhookResource.Resource}}
}
