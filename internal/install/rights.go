// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Permission is one permission that the user needs, since an installer uses the user's credentials.
type Permission struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"` // "" for all, or for a cluster-scoped resource
}

// manifestPermissions returns what an install of the manifest by istioctl needs: each object is
// applied on the server side (patch, and create for a new one), the kinds to prune are listed, and
// istiod's Deployment is watched. Whoever creates roles must also hold what they grant, or have the
// verb escalate; the API server cannot be asked about that beforehand.
func manifestPermissions(cluster clusterReader, manifest []*unstructured.Unstructured) []Permission {
	wanted := map[Permission]bool{}
	want := func(kind schema.GroupVersionKind, namespace string, verbs ...string) {
		for _, verb := range verbs {
			wanted[cluster.permission(verb, kind, namespace)] = true
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
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}

// permissions returns what an install by Helm needs: each object is read, created, and patched if
// it exists; the release is stored in Secrets; the control plane is watched. Whoever creates roles
// must also hold what they grant, or have the verb escalate.
func (i HelmInstaller) permissions(manifest []*unstructured.Unstructured) []Permission {
	wanted := map[Permission]bool{}
	for _, o := range manifest {
		for _, verb := range []string{"get", "create", "patch"} {
			wanted[i.reader().permission(verb, o.GroupVersionKind(), objectOf(o).Namespace)] = true
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

// releaseStoragePermissions returns what Helm needs to store a release.
func releaseStoragePermissions(namespace string) []Permission {
	var list []Permission
	for _, verb := range []string{"get", "list", "create", "update"} {
		list = append(list, Permission{Verb: verb, Resource: "secrets", Namespace: namespace})
	}
	return list
}

// dedupe returns each permission once, sorted.
func dedupe(needs []Permission) []Permission {
	wanted := map[Permission]bool{}
	for _, n := range needs {
		wanted[n] = true
	}
	return sortPermissions(wanted)
}

// readinessPermissions returns what waiting for a control plane needs.
func readinessPermissions(root string) []Permission {
	return []Permission{{Verb: "list", Resource: podResource.Resource, Namespace: root},
		{Verb: "list", Group: deploymentResource.Group, Resource: deploymentResource.Resource, Namespace: root},
		{Verb: "list", Resource: serviceResource.Resource, Namespace: root},
		{Verb: "list", Group: mutatingWebhookResource.Group, Resource: mutatingWebhookResource.Resource}}
}
