// SPDX-License-Identifier: Apache-2.0

package rendered

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Template is a pod template that istioctl rendered for a gateway.
type Template struct {
	Digest string // of the manifest that it is a part of
	JSON   []byte
}

// templateKey is the key of a ConfigMap with a stored template.
const templateKey = "template.json"

// number is the annotation of a ReplicaSet with the number of its template.
const number = "deployment.kubernetes.io/revision"

// storeName returns the name of the ConfigMap with the stored template of a Deployment.
func storeName(deployment string) string { return step.ShortName("rerig-template-", deployment) }

// save stores the template of a Deployment in a ConfigMap that the run owns. One that exists
// is overwritten: it is of an earlier attempt.
func (w *Writer) save(ctx context.Context, change step.Change, d *appsv1.Deployment) error {
	text, err := json.Marshal(d.Spec.Template)
	if err != nil {
		return err
	}
	owner, err := w.owner(ctx, change.Owner)
	if err != nil {
		return err
	}
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: storeName(d.Name), OwnerReferences: []metav1.OwnerReference{owner},
			Annotations: map[string]string{mesh.RevisionLabel: change.Revision},
		},
		Data: map[string]string{templateKey: string(text)},
	}
	maps := w.api.CoreV1().ConfigMaps(d.Namespace)
	if _, err = maps.Create(ctx, m, client.Creating); !apierrors.IsAlreadyExists(err) {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": m.Annotations, "ownerReferences": m.OwnerReferences}, "data": m.Data,
	})
	if err != nil {
		return err
	}
	_, err = maps.Patch(ctx, m.Name, types.MergePatchType, body, client.Patching)
	return err
}

// rendered returns the template that was rendered and approved for a Deployment.
func (w *Writer) rendered(change step.Change) (*corev1.PodTemplateSpec, error) {
	found, ok := w.templates[mesh.RefOf(mesh.Deployment, change.Namespace, change.Name)]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: its template was not rendered in this process. Run the same command again", engine.ErrRefused)
	case found.Digest != change.Rendered:
		return nil, fmt.Errorf("%w: what istioctl renders for it has digest %s, and %s was approved. Run the same command again: it "+
			"shows the plan with what is rendered now", engine.ErrRefused, found.Digest, change.Rendered)
	}
	var t corev1.PodTemplateSpec
	if err := json.Unmarshal(found.JSON, &t); err != nil {
		return nil, fmt.Errorf("%w: its rendered template cannot be read: %w", engine.ErrRefused, err)
	}
	return &t, nil
}

// stored returns the template of a revision that a Deployment had before: the stored one, or
// else that of the newest of its ReplicaSets of that revision.
func (w *Writer) stored(ctx context.Context, d *appsv1.Deployment, revision string) (*corev1.PodTemplateSpec, error) {
	m, err := w.api.CoreV1().ConfigMaps(d.Namespace).Get(ctx, storeName(d.Name), metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	var t corev1.PodTemplateSpec
	if err == nil && m.Annotations[mesh.RevisionLabel] == revision && json.Unmarshal([]byte(m.Data[templateKey]), &t) == nil {
		return &t, nil
	}
	selector := metav1.FormatLabelSelector(d.Spec.Selector)
	sets, err := w.api.AppsV1().ReplicaSets(d.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: client.PageSize})
	if err != nil {
		return nil, err
	}
	newest := -1
	for _, s := range sets.Items {
		n, err := strconv.Atoi(s.Annotations[number])
		if metav1.IsControlledBy(&s, d) && err == nil && n > newest && s.Spec.Template.Annotations[mesh.RevisionLabel] == revision {
			newest, t = n, s.Spec.Template
			delete(t.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		}
	}
	if newest < 0 {
		return nil, fmt.Errorf("%w: its template of revision %s is neither stored (ConfigMap %s/%s) nor in a ReplicaSet of its. Restore it with "+
			"the istioctl, and the file, of that revision", engine.ErrRefused, revision, d.Namespace, storeName(d.Name))
	}
	return &t, nil
}
