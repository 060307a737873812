// SPDX-License-Identifier: Apache-2.0

package gatewayapi

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
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Writer writes to Gateways and to their Deployments.
type Writer struct {
	api   *client.Clients
	owner func(ctx context.Context, run string) (metav1.OwnerReference, error)
}

// NewWriter returns a writer. owner returns the owner reference to a run.
func NewWriter(api *client.Clients, owner func(context.Context, string) (metav1.OwnerReference, error)) *Writer {
	return &Writer{api: api, owner: owner}
}

// retries is how often a change is repeated because a controller wrote the object between
// the read and the patch.
const retries = 4

// Write makes one change. It returns engine.ErrConflict where the cluster is not as the
// change expects.
func (w *Writer) Write(ctx context.Context, change step.Change) error {
	var err error
	for range retries {
		if err = w.write(ctx, change); !apierrors.IsConflict(err) {
			break
		}
	}
	return err
}

func (w *Writer) write(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("%s %s/%s", change.Verb, change.Namespace, change.Name)
	d, err := w.api.AppsV1().Deployments(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	g, err := w.api.Dynamic.Resource(istio.APIGateways).Namespace(change.Namespace).Get(ctx, ownerGateway(d), metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	switch change.Verb {
	case step.Freeze:
		err = w.freeze(ctx, change, d, g)
	case step.Unfreeze:
		err = w.unfreeze(ctx, change, d, g)
	case step.CreateShadow:
		err = w.createShadow(ctx, change, g)
	case step.CopyTemplate:
		return w.copyTemplate(ctx, what, change, d, g)
	case step.DeleteShadow:
		err = w.deleteShadow(ctx, g)
	}
	return client.WriteError(what, err)
}

// labelOf returns a Gateway's own label istio.io/rev, or step.NoLabel.
func labelOf(g *unstructured.Unstructured) string {
	if label, set := g.GetLabels()[mesh.RevisionLabel]; set {
		return label
	}
	return step.NoLabel
}

// freeze makes every istiod leave the Deployment alone, and then sets the Gateway's label.
func (w *Writer) freeze(ctx context.Context, change step.Change, d *appsv1.Deployment, g *unstructured.Unstructured) error {
	_, err := w.api.PatchDeployment(ctx, d, map[string]any{
		"labels": map[string]any{mesh.ManagedLabel: nil}, "annotations": map[string]any{FrozenAnnotation: change.Owner},
	})
	if err != nil {
		return err
	}
	return w.label(ctx, g, change.Revision)
}

// unfreeze sets the Gateway's label, and then the label by which the istiod that it names
// deploys it again.
func (w *Writer) unfreeze(ctx context.Context, change step.Change, d *appsv1.Deployment, g *unstructured.Unstructured) error {
	if err := w.label(ctx, g, change.Revision); err != nil {
		return err
	}
	d, err := w.api.PatchDeployment(ctx, d, map[string]any{
		"labels":      map[string]any{mesh.ManagedLabel: d.Spec.Template.Labels[mesh.ManagedLabel]},
		"annotations": map[string]any{FrozenAnnotation: nil},
	})
	if err != nil {
		return err
	}
	_, err = w.api.Disown(ctx, d)
	return err
}

// label sets a Gateway's own label istio.io/rev; step.NoLabel removes it.
func (w *Writer) label(ctx context.Context, g *unstructured.Unstructured, label string) error {
	if labelOf(g) == label {
		return nil
	}
	value := any(label)
	if label == step.NoLabel {
		value = nil
	}
	body, err := client.MetadataPatch(g, map[string]any{"labels": map[string]any{mesh.RevisionLabel: value}})
	if err != nil {
		return err
	}
	_, err = w.api.Dynamic.Resource(istio.APIGateways).Namespace(g.GetNamespace()).Patch(
		ctx, g.GetName(), types.MergePatchType, body, client.Patching)
	return err
}

// createShadow creates the Gateway from which the wanted template is taken.
func (w *Writer) createShadow(ctx context.Context, change step.Change, g *unstructured.Unstructured) error {
	owner, err := w.owner(ctx, change.Owner)
	if err != nil {
		return err
	}
	shadow := shadowOf(g, change.Revision, owner)
	_, err = w.api.Dynamic.Resource(istio.APIGateways).Namespace(g.GetNamespace()).Create(ctx, shadow, client.Creating)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// copyTemplate gives a frozen Deployment the template of its shadow.
func (w *Writer) copyTemplate(
	ctx context.Context, what string, change step.Change, d *appsv1.Deployment, g *unstructured.Unstructured,
) error {
	shadow, err := w.shadowDeployment(ctx, g)
	if err != nil {
		return client.WriteError(what, err)
	}
	var label *string
	if change.Revision != step.NoLabel {
		label = &change.Revision
	}
	t, err := templateFor(g, d, shadow, label)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return client.WriteError(what, w.api.ReplaceTemplate(ctx, d, &t))
}

// shadowDeployment returns the Deployment of a Gateway's shadow.
func (w *Writer) shadowDeployment(ctx context.Context, g *unstructured.Unstructured) (*appsv1.Deployment, error) {
	name := ShadowName(g.GetName())
	list, err := w.api.AppsV1().Deployments(g.GetNamespace()).List(ctx, metav1.ListOptions{
		LabelSelector: mesh.GatewayLabel + "=" + name, Limit: client.PageSize,
	})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		if ownerGateway(&list.Items[i]) == name {
			return &list.Items[i], nil
		}
	}
	return nil, apierrors.NewNotFound(appsv1.Resource("deployments"), name)
}

// deleteShadow deletes a Gateway's shadow; its Deployment and Service end with it.
func (w *Writer) deleteShadow(ctx context.Context, g *unstructured.Unstructured) error {
	gateways := w.api.Dynamic.Resource(istio.APIGateways).Namespace(g.GetNamespace())
	return gateways.Delete(ctx, ShadowName(g.GetName()), metav1.DeleteOptions{})
}
