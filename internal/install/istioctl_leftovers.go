// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/command"
)

// Leftovers are the objects of a revision in the cluster. `istioctl uninstall --revision` would
// delete Own and Needed.
type Leftovers struct {
	Revision       string   `json:"revision"`
	Own            []Object `json:"own,omitempty"`    // the control plane
	Needed         []Object `json:"needed,omitempty"` // gateways, CNI, ztunnel: labelled with the revision, but traffic needs them
	Shared         []Object `json:"shared,omitempty"` // CRDs and other objects of the component Base, shared by all revisions
	RemoveCommands []string `json:"remove,omitempty"` // commands that remove Own and nothing else
}

// crdKind is not uninstalled, since CRDs are shared by all revisions.
var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// prunedKinds are the kinds that an uninstall deletes (operator/pkg/uninstall, prune.go), without
// Pods, which are deleted with their owners.
var prunedKinds = []schema.GroupVersionKind{
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingWebhookConfiguration"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRoleBinding"},
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "apps", Version: "v1", Kind: "DaemonSet"},
	{Version: "v1", Kind: "Service"},
	{Version: "v1", Kind: "ConfigMap"},
	{Version: "v1", Kind: "Secret"},
	{Version: "v1", Kind: "ServiceAccount"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
	{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
	{Group: "networking.istio.io", Version: "v1alpha3", Kind: "EnvoyFilter"},
}

// Leftovers lists the objects of a revision. It only reads: one list per kind.
func (i IstioctlInstaller) Leftovers(ctx context.Context, revision string) (Leftovers, error) {
	left := Leftovers{Revision: revision}
	for _, kind := range append(slices.Clone(prunedKinds), crdKind) {
		objects, err := i.objectsOfRevision(ctx, kind, revision)
		if err != nil {
			return left, fmt.Errorf("list %s objects of revision %s: %w", kind.Kind, revision, err)
		}
		for _, o := range objects {
			list := left.listFor(&o)
			*list = append(*list, describeObject(&o, &o))
		}
	}
	left.RemoveCommands = i.removeCommands(left)
	return left, nil
}

// objectsOfRevision lists the objects of a kind with the revision's label, except those with an owner.
func (i IstioctlInstaller) objectsOfRevision(
	ctx context.Context, kind schema.GroupVersionKind, revision string,
) ([]unstructured.Unstructured, error) {
	resource, served, err := i.reader().resource(kind)
	if err != nil || !served {
		return nil, err
	}
	list, err := i.Cluster.Resource(resource).List(ctx, metav1.ListOptions{
		LabelSelector: revisionLabel + "=" + revision + "," + componentLabel + " in (Base,Pilot,IngressGateways,EgressGateways,Cni,Ztunnel)",
	})
	if apierrors.IsNotFound(err) {
		return nil, nil // a kind that this cluster does not serve
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool { return len(o.GetOwnerReferences()) > 0 }), nil
}

// listFor returns the list for an object. Needed is for objects that carry traffic or select a
// revision for others, whatever revision label they have.
func (l *Leftovers) listFor(o *unstructured.Unstructured) *[]Object {
	labels := o.GetLabels()
	switch {
	case labels[componentLabel] == "Base":
		return &l.Shared
	case labels[componentLabel] != "Pilot" || runsRouter(o) || labels[tagLabel] != "":
		return &l.Needed
	}
	return &l.Own
}

// String returns what is left, for the end of an error message.
func (l Leftovers) String() string {
	var b strings.Builder
	writeSection(&b, "left in the cluster of revision "+l.Revision, l.Own)
	writeSection(&b, "also labelled with the revision, but needed by traffic. "+
		"Do not run `istioctl uninstall --revision "+l.Revision+"`, which deletes them", l.Needed)
	writeSection(&b, "applied for it, shared by all revisions; leave them", summarizeByKind(l.Shared))
	writeSection(&b, "to remove what is left", l.RemoveCommands)
	return b.String()
}

// removeCommands returns the commands that remove a revision's own objects. `istioctl uninstall`
// also deletes gateways labelled with the revision. It rejects a revision without an injection
// webhook ("could not find target revision"), as an interrupted install may leave it. In both cases
// the objects are named one by one.
func (i IstioctlInstaller) removeCommands(left Leftovers) []string {
	if len(left.Own) == 0 {
		return nil
	}
	hooked := slices.ContainsFunc(left.Own, func(o Object) bool { return o.Kind == "MutatingWebhookConfiguration" })
	if hooked && len(left.Needed) == 0 {
		uninstall := []string{cmp.Or(i.Istioctl, "istioctl"), "uninstall", "--revision", left.Revision}
		return []string{command.Join(append(uninstall, i.clusterFlags()...)...)}
	}
	names := map[string][]string{}
	for _, o := range left.Own {
		names[o.Namespace] = append(names[o.Namespace], strings.ToLower(o.Kind)+"/"+o.Name)
	}
	var commands []string
	for namespace, objects := range names {
		words := append([]string{"kubectl", "delete", "--ignore-not-found"}, i.clusterFlags()...)
		if namespace != "" {
			words = append(words, "--namespace", namespace)
		}
		slices.Sort(objects)
		commands = append(commands, command.Join(append(words, objects...)...))
	}
	slices.Sort(commands)
	return commands
}
