// SPDX-License-Identifier: Apache-2.0

package install

import (
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

// Leftovers are the objects in the cluster that bear a revision and that
// `istioctl uninstall --revision` would delete. CRDs and the rest of the
// component Base are not among them: every revision needs them.
type Leftovers struct {
	Revision string   `json:"revision"`
	Own      []Object `json:"own,omitempty"`    // of its control plane
	Needed   []Object `json:"needed,omitempty"` // gateways, CNI, ztunnel: they bear the revision, but traffic runs through them
	Remove   []string `json:"remove,omitempty"` // the commands that remove Own and nothing else
}

// uninstalled are the kinds that an uninstall deletes (operator/pkg/uninstall,
// prune.go), without Pods, which go with their owners.
var uninstalled = []schema.GroupVersionKind{
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
func (i Installer) Leftovers(ctx context.Context, revision string) (Leftovers, error) {
	left := Leftovers{Revision: revision}
	for _, kind := range uninstalled {
		objects, err := i.stamped(ctx, kind, revision)
		if err != nil {
			return left, fmt.Errorf("list each %s of revision %s: %w", kind.Kind, revision, err)
		}
		for _, o := range objects {
			if object := seen(&o, &o); needed(&o) {
				left.Needed = append(left.Needed, object)
			} else {
				left.Own = append(left.Own, object)
			}
		}
	}
	left.Remove = i.removal(left)
	return left, nil
}

func (i Installer) stamped(ctx context.Context, kind schema.GroupVersionKind, revision string) ([]unstructured.Unstructured, error) {
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	list, err := i.Cluster.Resource(resource).List(ctx, metav1.ListOptions{
		LabelSelector: revisionLabel + "=" + revision + "," + componentLabel + " in (Pilot,IngressGateways,EgressGateways,Cni,Ztunnel)",
	})
	if apierrors.IsNotFound(err) {
		return nil, nil // a kind that this cluster does not know
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool { return len(o.GetOwnerReferences()) > 0 }), nil
}

// needed: what carries traffic, or chooses a revision for others, whoever
// stamped it last.
func needed(o *unstructured.Unstructured) bool {
	return o.GetLabels()[componentLabel] != "Pilot" || runsRouter(o) || o.GetLabels()[tagLabel] != ""
}

// String lists what is left, for the end of an error message.
func (l Leftovers) String() string {
	var b strings.Builder
	section(&b, "left behind of revision "+l.Revision, l.Own)
	section(&b, "they bear the revision too, but traffic needs them; leave them, and do not run `istioctl uninstall --revision "+l.Revision+"`, which would delete them", l.Needed)
	section(&b, "to remove what was left behind", l.Remove)
	return b.String()
}
