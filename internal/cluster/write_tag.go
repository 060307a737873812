// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// moveTag points every part of a tag at another revision: its webhooks, its Service,
// and for the default its validator. It writes a part only if that points elsewhere,
// so that it continues a move that was interrupted.
func (w *Writer) moveTag(ctx context.Context, change step.Change) error {
	all, err := w.injectors(ctx)
	if err != nil {
		return err
	}
	target, ok := all.ofRevision(change.Revision)
	if !ok {
		return client.Final(fmt.Errorf("move tag %s to revision %s: there is no MutatingWebhookConfiguration %s. "+
			"See with `rerig inventory` whether the revision is still installed",
			change.Name, change.Revision, istio.InjectorOf(w.root, change.Revision)))
	}
	if err := w.moveTagWebhooks(ctx, change, all, target); err != nil {
		return err
	}
	if err := w.moveTagService(ctx, change); err != nil {
		return err
	}
	if change.Name != mesh.DefaultTag {
		return nil
	}
	return w.moveValidator(ctx, change.Revision, target)
}

// moveTagWebhooks moves the webhooks of a tag. A default that an untagged revision
// serves becomes a tag first; on rollback that tag is deleted again.
func (w *Writer) moveTagWebhooks(
	ctx context.Context, change step.Change, all injectors, target admissionv1.MutatingWebhookConfiguration,
) error {
	tags := all.ofTag(change.Name)
	untagged, serves := all.servingDefault()
	toUntagged := change.Revision == istio.DefaultRevision
	switch isDefault := change.Name == mesh.DefaultTag; {
	case isDefault && serves && change.Revision != istio.RevisionOf(untagged.Labels) && (len(tags) == 0 || createdByRun(tags[0])):
		return w.createDefaultTag(ctx, change.Revision, tags, untagged, target)
	case isDefault && len(tags) == 1 && createdByRun(tags[0]) && toUntagged:
		return w.deleteDefaultTag(ctx, change, tags[0], target)
	case isDefault && len(tags) == 0 && (toUntagged || !serves):
		return nil // it was restored already, or the default is the validator alone
	case len(tags) == 0:
		return fmt.Errorf("move tag %s: it has no webhook: %w", change.Name, engine.ErrConflict)
	}
	for _, tag := range tags {
		revision := istio.RevisionOf(tag.Labels)
		if revision == change.Revision && sameCall(tag, target) {
			continue
		}
		if !slices.Contains(mesh.SplitRevisions(change.Expect), revision) {
			return fmt.Errorf("move tag %s: it points to %s, not to %s: %w", change.Name, revision, change.Expect, engine.ErrConflict)
		}
		for i := range tag.Webhooks {
			if injects(tag.Webhooks[i]) {
				tag.Webhooks[i].ClientConfig = callOf(target)
			}
		}
		if err := w.writeWebhooks(ctx, tag, change.Revision, nil); err != nil {
			return err
		}
	}
	return nil
}

// callOf returns how the webhooks of a configuration call istiods.
func callOf(c admissionv1.MutatingWebhookConfiguration) admissionv1.WebhookClientConfig {
	for _, h := range c.Webhooks {
		if injects(h) {
			return *h.ClientConfig.DeepCopy()
		}
	}
	return admissionv1.WebhookClientConfig{}
}

// sameCall reports whether the webhooks of two configurations call the same.
func sameCall(a, b admissionv1.MutatingWebhookConfiguration) bool {
	return addressOf(callOf(a)) == addressOf(callOf(b))
}

// writeWebhooks writes a configuration's webhooks and its revision, if nobody wrote
// it since it was read. A nil annotation is removed.
func (w *Writer) writeWebhooks(
	ctx context.Context, m admissionv1.MutatingWebhookConfiguration, revision string, annotations map[string]*string,
) error {
	what := "write MutatingWebhookConfiguration " + m.Name
	metadata := map[string]any{"resourceVersion": m.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: revision}}
	if annotations != nil { // null would remove all of them
		metadata["annotations"] = annotations
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata, "webhooks": m.Webhooks})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = w.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Patch(ctx, m.Name, types.MergePatchType, patch, client.Patching)
	return client.WriteError(what, err)
}

// injectors are the MutatingWebhookConfigurations of this mesh that inject sidecars.
type injectors []admissionv1.MutatingWebhookConfiguration

func (s shared) injectors(ctx context.Context) (injectors, error) {
	var all injectors
	err := client.List(ctx, allObjects, s.api.AdmissionregistrationV1().MutatingWebhookConfigurations().List, func() { all = nil },
		func(page *admissionv1.MutatingWebhookConfigurationList) {
			for i := range page.Items {
				if injectsFor(&page.Items[i], s.root) {
					all = append(all, page.Items[i])
				}
			}
		})
	return all, client.ReadError("MutatingWebhookConfigurations", err)
}

// ofRevision returns the configuration of a revision itself.
func (all injectors) ofRevision(revision string) (admissionv1.MutatingWebhookConfiguration, bool) {
	for _, m := range all {
		if m.Labels[istio.TagLabel] == "" && istio.RevisionOf(m.Labels) == revision {
			return m, true
		}
	}
	return admissionv1.MutatingWebhookConfiguration{}, false
}

func (all injectors) ofTag(tag string) injectors {
	var list injectors
	for _, m := range all {
		if m.Labels[istio.TagLabel] == tag {
			list = append(list, m)
		}
	}
	return list
}

// servingDefault returns the configuration of the untagged revision that serves the
// default.
func (all injectors) servingDefault() (admissionv1.MutatingWebhookConfiguration, bool) {
	for _, m := range all {
		for _, h := range webhooksOf(&m) {
			if h.ServesDefault() {
				return m, true
			}
		}
	}
	return admissionv1.MutatingWebhookConfiguration{}, false
}

// moveTagService points a tag's Service, if it has one, at another revision's
// istiods: istiod serves a tag whose webhooks or Service are its own (GetMyTags in
// pkg/revisions/tag_watcher.go @1.29.1), and two istiods would serve the same tag.
func (w *Writer) moveTagService(ctx context.Context, change step.Change) error {
	name := istio.TagService + change.Name
	what := "write Service " + name
	found, err := w.api.CoreV1().Services(w.root).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return client.WriteError(what, err)
	}
	if selectedRevision(found) == change.Revision {
		return nil
	}
	target, err := w.istiodService(ctx, change.Revision)
	if err != nil {
		return err
	}
	selector := map[string]*string{}
	for key := range found.Spec.Selector {
		selector[key] = nil
	}
	for key, value := range target.Spec.Selector {
		selector[key] = &value
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: change.Revision}},
		"spec":     map[string]any{"selector": selector},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = w.api.CoreV1().Services(w.root).Patch(ctx, name, types.MergePatchType, patch, client.Patching)
	return client.WriteError(what, err)
}

// istiodService reads the Service of a revision's istiods.
func (w *Writer) istiodService(ctx context.Context, revision string) (*corev1.Service, error) {
	name := istio.Revisioned(istio.App, revision)
	found, err := w.api.CoreV1().Services(w.root).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, client.Final(fmt.Errorf("revision %s is incomplete: Service %s/%s does not exist. "+
			"Repair its installation, then run the same command again", revision, w.root, name))
	}
	return found, client.ReadError("Service "+name, err)
}

// moveValidator makes another revision validate the configuration that names none.
func (w *Writer) moveValidator(ctx context.Context, revision string, target admissionv1.MutatingWebhookConfiguration) error {
	what := "write ValidatingWebhookConfiguration " + istio.DefaultValidator
	validators := w.api.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	found, err := validators.Get(ctx, istio.DefaultValidator, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return client.WriteError(what, err)
	}
	if ofOtherMesh(found, w.root) {
		return nil
	}
	service, err := w.istiodService(ctx, revision)
	if err != nil {
		return err
	}
	if calledService(found, w.root) == service.Name && found.Labels[mesh.RevisionLabel] == revision {
		return nil
	}
	for i := range found.Webhooks {
		call := &found.Webhooks[i].ClientConfig
		if call.Service != nil {
			call.Service.Name, call.CABundle = service.Name, callOf(target).CABundle
		}
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: revision}},
		"webhooks": found.Webhooks,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = validators.Patch(ctx, istio.DefaultValidator, types.MergePatchType, patch, client.Patching)
	return client.WriteError(what, err)
}
