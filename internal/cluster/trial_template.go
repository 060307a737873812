// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	selectors "k8s.io/apimachinery/pkg/fields"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
)

// template reads a workload's pod template as it is now. ReplicaSets and Rollouts
// are listed by name, which who may observe them may.
func (c *Cluster) template(ctx context.Context, kind mesh.Kind, namespace, name string) (*corev1.PodTemplateSpec, error) {
	switch kind {
	case mesh.Deployment:
		d, err := c.apps.Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		return &d.Spec.Template, err
	case mesh.StatefulSet:
		s, err := c.apps.StatefulSets(namespace).Get(ctx, name, metav1.GetOptions{})
		return &s.Spec.Template, err
	case mesh.DaemonSet:
		d, err := c.apps.DaemonSets(namespace).Get(ctx, name, metav1.GetOptions{})
		return &d.Spec.Template, err
	case mesh.ReplicaSet:
		list, err := c.apps.ReplicaSets(namespace).List(ctx, metav1.ListOptions{FieldSelector: selectors.OneTermEqualSelector("metadata.name", name).String(), Limit: pageSize})
		if err == nil && len(list.Items) == 0 {
			err = apierrors.NewNotFound(appsv1.Resource("replicasets"), name)
		}
		if err != nil {
			return nil, err
		}
		return &list.Items[0].Spec.Template, nil
	case mesh.ArgoRollout:
		return c.rolloutTemplate(ctx, namespace, name)
	}
	return nil, fmt.Errorf("%w: the template of a %s is not known", engine.ErrRefused, kind)
}

// rolloutTemplate is a Rollout's own template, or that of the Deployment which
// lends it one.
func (c *Cluster) rolloutTemplate(ctx context.Context, namespace, name string) (*corev1.PodTemplateSpec, error) {
	body, err := c.plain.Get().AbsPath("/apis", argoAPI, "namespaces", namespace, "rollouts").
		Param("fieldSelector", selectors.OneTermEqualSelector("metadata.name", name).String()).Param("limit", fmt.Sprint(pageSize)).Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	return lent(body, name, func(lender string) (*corev1.PodTemplateSpec, error) {
		return c.template(ctx, mesh.Deployment, namespace, lender)
	})
}

func lent(body []byte, name string, by func(lender string) (*corev1.PodTemplateSpec, error)) (*corev1.PodTemplateSpec, error) {
	var list struct{ Items []argoRollout }
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read Rollout %s: %w", name, err)
	}
	if len(list.Items) == 0 {
		return nil, apierrors.NewNotFound(appsv1.Resource("rollouts"), name)
	}
	switch ref := list.Items[0].Spec.WorkloadRef; {
	case ref == nil:
		return &list.Items[0].Spec.Template, nil
	case ref.Kind == string(mesh.Deployment):
		return by(ref.Name)
	default:
		return nil, fmt.Errorf("%w: its template is lent by a %s", engine.ErrRefused, ref.Kind)
	}
}
