// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
)

// ReplaceTemplate gives a Deployment another template if it has not changed since it was
// read. It returns engine.ErrConflict otherwise.
func (c *Clients) ReplaceTemplate(ctx context.Context, d *appsv1.Deployment, t *corev1.PodTemplateSpec) error {
	body, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/uid", "value": d.UID},
		{"op": "test", "path": "/metadata/generation", "value": d.Generation}, // its status changes all the time
		{"op": "replace", "path": "/spec/template", "value": t},
	})
	if err != nil {
		return err
	}
	_, err = c.AppsV1().Deployments(d.Namespace).Patch(ctx, d.Name, types.JSONPatchType, body, Patching)
	if apierrors.IsInvalid(err) { // a test failed: it changed in between
		return fmt.Errorf("%w: %w", engine.ErrConflict, err)
	}
	return err
}

// Disown removes the run's field manager from a Deployment that has not changed since it was
// read, and returns it as it is then. Who applies the Deployment would otherwise never
// remove a field that both have written.
func (c *Clients) Disown(ctx context.Context, d *appsv1.Deployment) (*appsv1.Deployment, error) {
	managers := []metav1.ManagedFieldsEntry{}
	for _, f := range d.ManagedFields {
		if f.Manager != v1alpha1.FieldManager {
			managers = append(managers, f)
		}
	}
	if len(managers) == len(d.ManagedFields) || len(managers) == 0 {
		return d, nil
	}
	return c.PatchDeployment(ctx, d, map[string]any{"managedFields": managers})
}

// PatchDeployment patches the metadata of a Deployment that has not changed since it was
// read, and returns it as it is then.
func (c *Clients) PatchDeployment(ctx context.Context, d *appsv1.Deployment, metadata map[string]any) (*appsv1.Deployment, error) {
	body, err := MetadataPatch(d, metadata)
	if err != nil {
		return d, err
	}
	return c.AppsV1().Deployments(d.Namespace).Patch(ctx, d.Name, types.MergePatchType, body, Patching)
}
