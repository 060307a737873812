// SPDX-License-Identifier: Apache-2.0

package rendered

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Kinds are the kinds of the objects of a gateway beside its Deployment.
var Kinds = []string{"ServiceAccount", "Role", "RoleBinding", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"}

// label labels the objects of a gateway that bear the expected label, and its Deployment
// last: its label shows that the others have theirs. The run's field manager gives up the
// Deployment.
func (w *Writer) label(ctx context.Context, change step.Change, d *appsv1.Deployment) error {
	if is := d.Labels[mesh.RevisionLabel]; is != change.Expect {
		return fmt.Errorf("its label %s is %q, not %q: %w", mesh.RevisionLabel, is, change.Expect, engine.ErrConflict)
	}
	labels := map[string]any{"labels": map[string]any{mesh.RevisionLabel: change.Revision}}
	for _, name := range Kinds {
		kind, _ := istio.Component(name)
		objects := w.api.Dynamic.Resource(kind.Resource).Namespace(d.Namespace)
		list, err := objects.List(ctx, metav1.ListOptions{
			Limit:         client.PageSize, // a gateway has few
			LabelSelector: mesh.RevisionLabel + "=" + change.Expect + "," + ComponentLabel + "=" + d.Labels[ComponentLabel],
		})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return client.ReadError(kind.Resource.Resource, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			if !partOf(o, d) {
				continue
			}
			body, err := client.MetadataPatch(o, labels)
			if err == nil {
				_, err = objects.Patch(ctx, o.GetName(), types.MergePatchType, body, client.Patching)
			}
			if err != nil {
				return fmt.Errorf("label %s %s/%s: %w", name, d.Namespace, o.GetName(), err)
			}
		}
	}
	d, err := w.api.Disown(ctx, d)
	if err != nil {
		return err
	}
	_, err = w.api.PatchDeployment(ctx, d, labels)
	return err
}

// partOf reports whether an object is one of a gateway's, by the names that the charts
// istio-ingress and istio-egress of 1.31.0 give them. A component may have several gateways.
func partOf(o *unstructured.Unstructured, d *appsv1.Deployment) bool {
	switch o.GetKind() {
	case "ServiceAccount":
		return o.GetName() == d.Spec.Template.Spec.ServiceAccountName
	case "Role", "RoleBinding":
		return o.GetName() == d.Name+"-sds"
	}
	return o.GetName() == d.Name
}
