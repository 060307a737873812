// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// retag points every part of a tag at another revision: its webhooks, its
// Service, and of the default the validator too. Each part is written only if it
// is elsewhere, so that a move that was broken off is gone on with.
func (c *Cluster) retag(ctx context.Context, change step.Change) error {
	all, err := c.configurations(ctx)
	if err != nil {
		return err
	}
	model, ok := all.own(change.Revision)
	if !ok {
		return final{fmt.Errorf("move tag %s to revision %s: it has no MutatingWebhookConfiguration %s: is the revision still installed (`rerig inventory`)?", change.Name, change.Revision, injectorOf(change.Revision))}
	}
	if err := c.retagWebhooks(ctx, change, all, model); err != nil {
		return err
	}
	if err := c.retagService(ctx, change); err != nil {
		return err
	}
	if change.Name != mesh.DefaultTag {
		return nil
	}
	return c.retagValidator(ctx, change.Revision, model)
}

// injectorOf is the name that Istio gives a revision's configuration in istio-system.
func injectorOf(revision string) string {
	if revision == unrevisioned {
		return "istio-sidecar-injector"
	}
	return "istio-sidecar-injector-" + revision
}

// retagWebhooks moves the webhooks of a tag. A default that an untagged revision
// serves becomes a tag first, and on the way back that tag goes again.
func (c *Cluster) retagWebhooks(ctx context.Context, change step.Change, all configurations, model admissionv1.MutatingWebhookConfiguration) error {
	tags := all.tagged(change.Name)
	untagged, serves := all.untagged()
	switch {
	case change.Name == mesh.DefaultTag && serves && change.Revision != revisionOf(untagged.Labels) && (len(tags) == 0 || madeByUs(tags[0])):
		return c.makeDefault(ctx, change.Revision, tags, untagged, model)
	case change.Name == mesh.DefaultTag && len(tags) == 1 && madeByUs(tags[0]) && change.Revision == unrevisioned:
		return c.unmakeDefault(ctx, change, tags[0], model)
	case change.Name == mesh.DefaultTag && len(tags) == 0 && (change.Revision == unrevisioned || !serves):
		return nil // it is back already, or the default is the validator alone
	case len(tags) == 0:
		return fmt.Errorf("move tag %s: it has no webhook: %w", change.Name, engine.ErrConflict)
	}
	for _, tag := range tags {
		if revisionOf(tag.Labels) == change.Revision && calls(tag, model) {
			continue
		}
		if !expected(change.Expect, revisionOf(tag.Labels)) {
			return fmt.Errorf("move tag %s: it is at %s, not at %s: %w", change.Name, revisionOf(tag.Labels), change.Expect, engine.ErrConflict)
		}
		for i := range tag.Webhooks {
			if strings.HasSuffix(tag.Webhooks[i].Name, injectorSuffix) {
				tag.Webhooks[i].ClientConfig = callOf(model)
			}
		}
		if err := c.rewrite(ctx, tag, change.Revision, nil); err != nil {
			return err
		}
	}
	return nil
}

// expected reports whether a revision is one of those that a tag was seen at.
func expected(seen, now string) bool {
	return slices.Contains(strings.Split(seen, "+"), now)
}

// callOf is how a revision's webhooks call its istiods.
func callOf(c admissionv1.MutatingWebhookConfiguration) admissionv1.WebhookClientConfig {
	for _, h := range c.Webhooks {
		if strings.HasSuffix(h.Name, injectorSuffix) {
			return *h.ClientConfig.DeepCopy()
		}
	}
	return admissionv1.WebhookClientConfig{}
}

// calls reports whether a tag's webhooks call what a revision's do.
func calls(tag, model admissionv1.MutatingWebhookConfiguration) bool {
	return calledBy(callOf(tag)) == calledBy(callOf(model))
}

// rewrite writes a configuration's webhooks and its revision, if nobody wrote it
// since it was read. annotations are set or, where nil, taken away.
func (c *Cluster) rewrite(ctx context.Context, m admissionv1.MutatingWebhookConfiguration, revision string, annotations map[string]*string) error {
	what := "write MutatingWebhookConfiguration " + m.Name
	metadata := map[string]any{"resourceVersion": m.ResourceVersion, "labels": map[string]string{mesh.RevisionLabel: revision}}
	if annotations != nil { // null would take all of them away
		metadata["annotations"] = annotations
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata, "webhooks": m.Webhooks})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = c.admission.MutatingWebhookConfigurations().Patch(ctx, m.Name, types.MergePatchType, patch, merging)
	return writing(what, err)
}

// configurations are the MutatingWebhookConfigurations that inject sidecars.
type configurations []admissionv1.MutatingWebhookConfiguration

func (c *Cluster) configurations(ctx context.Context) (configurations, error) {
	var all configurations
	err := pages(ctx, metav1.ListOptions{}, c.admission.MutatingWebhookConfigurations().List, func(page *admissionv1.MutatingWebhookConfigurationList) {
		for i := range page.Items {
			if len(webhooksOf(&page.Items[i])) > 0 {
				all = append(all, page.Items[i])
			}
		}
	})
	return all, reading("MutatingWebhookConfigurations", err)
}

// own is the configuration of a revision itself.
func (all configurations) own(revision string) (admissionv1.MutatingWebhookConfiguration, bool) {
	for _, m := range all {
		if m.Labels[tagLabel] == "" && revisionOf(m.Labels) == revision {
			return m, true
		}
	}
	return admissionv1.MutatingWebhookConfiguration{}, false
}

func (all configurations) tagged(tag string) configurations {
	var list configurations
	for _, m := range all {
		if m.Labels[tagLabel] == tag {
			list = append(list, m)
		}
	}
	return list
}

// untagged is the configuration of the untagged revision that serves the default.
func (all configurations) untagged() (admissionv1.MutatingWebhookConfiguration, bool) {
	for _, m := range all {
		for _, h := range webhooksOf(&m) {
			if h.ServesDefault() {
				return m, true
			}
		}
	}
	return admissionv1.MutatingWebhookConfiguration{}, false
}
