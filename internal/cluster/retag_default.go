// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// What `istioctl tag set default` does to an untagged revision that serves the
// default, it does for good: it leaves that revision's webhooks without
// selectors. Here the selectors are kept beside them, so that they can be given
// back (istioctl/pkg/tag/util.go, DeactivateIstioInjectionWebhook @1.29.1).
const (
	madeAnnotation      = "rerig.dev/made"      // on the tag default: it was none before
	selectorsAnnotation = "rerig.dev/selectors" // on the untagged revision's webhooks: their selectors as they were
)

func madeByUs(m admissionv1.MutatingWebhookConfiguration) bool {
	return m.Annotations[madeAnnotation] != ""
}

// selection is what one webhook selects by.
type selection struct {
	Namespaces *metav1.LabelSelector `json:"namespaces,omitempty"`
	Objects    *metav1.LabelSelector `json:"objects,omitempty"`
}

var matchNothing = &metav1.LabelSelector{MatchLabels: map[string]string{mesh.NeverLabel: "never-match"}}

// makeDefault makes the tag default, and then lets the untagged revision's own
// webhooks match nothing. In between both match what only the default binds:
// istiod injects such a pod anew, not twice, and nothing that is moved is bound by
// it at that time. The other way round pods would be left without a sidecar.
func (c *Cluster) makeDefault(ctx context.Context, revision string, tags configurations, untagged, model admissionv1.MutatingWebhookConfiguration) error {
	if len(tags) == 0 {
		tag := defaultTag(untagged, model, revision)
		_, err := c.admission.MutatingWebhookConfigurations().Create(ctx, &tag, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
		if err != nil {
			return writing("write MutatingWebhookConfiguration "+tag.Name, err)
		}
	}
	return c.silence(ctx, untagged)
}

// silence lets the webhooks of an untagged revision match nothing.
func (c *Cluster) silence(ctx context.Context, m admissionv1.MutatingWebhookConfiguration) error {
	was := map[string]selection{}
	for i := range m.Webhooks {
		h := &m.Webhooks[i]
		was[h.Name] = selection{h.NamespaceSelector, h.ObjectSelector}
		h.NamespaceSelector, h.ObjectSelector = matchNothing, matchNothing
	}
	text, err := json.Marshal(was)
	if err != nil {
		return fmt.Errorf("note the selectors of %s: %w", m.Name, err)
	}
	kept := string(text)
	return c.rewrite(ctx, m, revisionOf(m.Labels), map[string]*string{selectorsAnnotation: &kept})
}

// unmakeDefault gives the untagged revision its selectors back, and takes the tag
// away that was made. A Service of that tag is somebody else's (chart istiod makes
// one by itself): it goes back while the tag is there to show that it has not.
func (c *Cluster) unmakeDefault(ctx context.Context, change step.Change, tag, model admissionv1.MutatingWebhookConfiguration) error {
	var was map[string]selection
	if text := model.Annotations[selectorsAnnotation]; text != "" {
		if err := json.Unmarshal([]byte(text), &was); err != nil {
			return fmt.Errorf("read the selectors that %s had: %w", model.Name, err)
		}
		for i := range model.Webhooks {
			if s, ok := was[model.Webhooks[i].Name]; ok {
				model.Webhooks[i].NamespaceSelector, model.Webhooks[i].ObjectSelector = s.Namespaces, s.Objects
			}
		}
		if err := c.rewrite(ctx, model, revisionOf(model.Labels), map[string]*string{selectorsAnnotation: nil}); err != nil {
			return err
		}
	}
	if err := c.retagService(ctx, change); err != nil {
		return err
	}
	err := c.admission.MutatingWebhookConfigurations().Delete(ctx, tag.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(tag.UID))})
	return writing("delete MutatingWebhookConfiguration "+tag.Name, err)
}

// defaultTag is the tag default as istioctl would write it for a revision: the
// untagged revision's webhooks, which serve the name "default" and the default
// itself, with another istiod behind them.
func defaultTag(untagged, model admissionv1.MutatingWebhookConfiguration, revision string) admissionv1.MutatingWebhookConfiguration {
	tag := admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{
		Name: "istio-revision-tag-" + mesh.DefaultTag,
		Labels: map[string]string{"app": "sidecar-injector", mesh.RevisionLabel: revision, tagLabel: mesh.DefaultTag,
			"app.kubernetes.io/part-of": "istio"},
		Annotations: map[string]string{madeAnnotation: "true"},
	}}
	for _, h := range untagged.Webhooks {
		if strings.HasSuffix(h.Name, injectorSuffix) {
			h.ClientConfig = callOf(model)
			tag.Webhooks = append(tag.Webhooks, h)
		}
	}
	return tag
}
