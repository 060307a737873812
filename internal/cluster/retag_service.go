// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// retagService points a tag's Service, where it has one, at another revision's
// istiods: istiod counts a tag as its own by either (GetMyTags in
// pkg/revisions/tag_watcher.go @1.29.1), and two would claim what it binds.
func (c *Cluster) retagService(ctx context.Context, change step.Change) error {
	name := tagService + change.Name
	what := "write Service " + name
	found, err := c.core.Services(c.Root).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return writing(what, err)
	}
	if selected(found) == change.Revision {
		return nil
	}
	model, err := c.serviceOf(ctx, change.Revision)
	if err != nil {
		return err
	}
	selector := map[string]*string{}
	for key := range found.Spec.Selector {
		selector[key] = nil
	}
	for key, value := range model.Spec.Selector {
		selector[key] = &value
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: change.Revision}},
		"spec":     map[string]any{"selector": selector},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = c.core.Services(c.Root).Patch(ctx, name, types.MergePatchType, patch, merging)
	return writing(what, err)
}

// serviceOf is the Service of a revision's istiods.
func (c *Cluster) serviceOf(ctx context.Context, revision string) (*corev1.Service, error) {
	name := "istiod-" + revision
	if revision == unrevisioned {
		name = "istiod"
	}
	found, err := c.core.Services(c.Root).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, final{fmt.Errorf("revision %s is incomplete: Service %s is not in %s: repair its installation, and run the same command again", revision, name, c.Root)}
	}
	return found, reading("Service "+name, err)
}

// retagValidator lets another revision validate the configuration that names
// none.
func (c *Cluster) retagValidator(ctx context.Context, revision string, model admissionv1.MutatingWebhookConfiguration) error {
	what := "write ValidatingWebhookConfiguration " + defaultValidator
	found, err := c.admission.ValidatingWebhookConfigurations().Get(ctx, defaultValidator, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return writing(what, err)
	}
	service, err := c.serviceOf(ctx, revision)
	if err != nil {
		return err
	}
	if validates(found) == service.Name && found.Labels[mesh.RevisionLabel] == revision {
		return nil
	}
	for i := range found.Webhooks {
		call := &found.Webhooks[i].ClientConfig
		if call.Service != nil {
			call.Service.Name, call.CABundle = service.Name, callOf(model).CABundle
		}
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: revision}},
		"webhooks": found.Webhooks,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = c.admission.ValidatingWebhookConfigurations().Patch(ctx, defaultValidator, types.MergePatchType, patch, merging)
	return writing(what, err)
}
