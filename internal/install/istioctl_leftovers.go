// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Leftovers are the objects in the cluster that bear a revision.
// `istioctl uninstall --revision` would delete Own and Needed.
type Leftovers struct {
	Revision       string   `json:"revision"`
	Own            []Object `json:"own,omitempty"`    // of its control plane
	Needed         []Object `json:"needed,omitempty"` // gateways, CNI, ztunnel: they bear the revision, but traffic runs through them
	Shared         []Object `json:"shared,omitempty"` // CRDs and the rest of the component Base: applied last for this revision, but of every revision
	RemoveCommands []string `json:"remove,omitempty"` // the commands that remove Own and nothing else
}

// crdKind are not uninstalled, for they are of every revision.
var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// prunedKinds are the kinds that an uninstall deletes (operator/pkg/uninstall,
// prune.go), without Pods, which go with their owners.
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

// Leftovers lists what there is of a revision. It only reads: one list a kind.
func (i IstioctlInstaller) Leftovers(ctx context.Context, revision string) (Leftovers, error) {
	left := Leftovers{Revision: revision}
	for _, kind := range append(slices.Clone(prunedKinds), crdKind) {
		objects, err := i.objectsOfRevision(ctx, kind, revision)
		if err != nil {
			return left, fmt.Errorf("list each %s of revision %s: %w", kind.Kind, revision, err)
		}
		for _, o := range objects {
			list := left.listFor(&o)
			*list = append(*list, describeObject(&o, &o))
		}
	}
	left.RemoveCommands = i.removeCommands(left)
	return left, nil
}

func (i IstioctlInstaller) objectsOfRevision(ctx context.Context, kind schema.GroupVersionKind, revision string) ([]unstructured.Unstructured, error) {
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	list, err := i.Cluster.Resource(resource).List(ctx, metav1.ListOptions{
		LabelSelector: revisionLabel + "=" + revision + "," + componentLabel + " in (Base,Pilot,IngressGateways,EgressGateways,Cni,Ztunnel)",
	})
	if apierrors.IsNotFound(err) {
		return nil, nil // a kind that this cluster does not know
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool { return len(o.GetOwnerReferences()) > 0 }), nil
}

// listFor is the list that an object belongs to. Needed is what carries traffic, or
// chooses a revision for others, whoever stamped it last.
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

// String lists what is left, for the end of an error message.
func (l Leftovers) String() string {
	var b strings.Builder
	writeSection(&b, "left behind of revision "+l.Revision, l.Own)
	writeSection(&b, "they bear the revision too, but traffic needs them; leave them, and do not run `istioctl uninstall --revision "+l.Revision+"`, which would delete them", l.Needed)
	writeSection(&b, "applied for it over what was there, shared with every revision and kept", summarizeByKind(l.Shared))
	writeSection(&b, "to remove what was left behind", l.RemoveCommands)
	return b.String()
}

// removeCommands says how to remove a revision's own objects. `istioctl uninstall` is
// the usual way, but it deletes gateways that bear the revision, and it refuses
// a revision without an injection webhook ("could not find target revision"),
// as a half-done install may leave it; then the objects are named one by one.
func (i IstioctlInstaller) removeCommands(left Leftovers) []string {
	if len(left.Own) == 0 {
		return nil
	}
	hooked := slices.ContainsFunc(left.Own, func(o Object) bool { return o.Kind == "MutatingWebhookConfiguration" })
	if hooked && len(left.Needed) == 0 {
		return []string{strings.Join(append([]string{cmp.Or(i.Istioctl, "istioctl"), "uninstall", "--revision", left.Revision}, i.clusterFlags()...), " ")}
	}
	names := map[string][]string{}
	for _, o := range left.Own {
		names[o.Namespace] = append(names[o.Namespace], strings.ToLower(o.Kind)+"/"+o.Name)
	}
	var commands []string
	for namespace, objects := range names {
		command := append([]string{"kubectl", "delete", "--ignore-not-found"}, i.clusterFlags()...)
		if namespace != "" {
			command = append(command, "--namespace", namespace)
		}
		slices.Sort(objects)
		commands = append(commands, strings.Join(append(command, objects...), " "))
	}
	slices.Sort(commands)
	return commands
}
