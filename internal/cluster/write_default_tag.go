// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// `istioctl tag set default` removes the selectors of the webhooks of an untagged
// revision that serves the default, and does not restore them
// (istioctl/pkg/tag/util.go, DeactivateIstioInjectionWebhook @1.29.1). Rerig saves
// the selectors in an annotation, so that a rollback can restore them.
const (
	createdAnnotation   = "rerig.dev/made"      // on the tag default: a run created it
	selectorsAnnotation = "rerig.dev/selectors" // on the untagged revision's webhooks: their selectors as they were
)

func createdByRun(m admissionv1.MutatingWebhookConfiguration) bool {
	return m.Annotations[createdAnnotation] != ""
}

// webhookSelectors are the selectors of one webhook.
type webhookSelectors struct {
	Namespaces *metav1.LabelSelector `json:"namespaces,omitempty"`
	Objects    *metav1.LabelSelector `json:"objects,omitempty"`
}

var matchNothing = &metav1.LabelSelector{MatchLabels: map[string]string{mesh.NeverLabel: "never-match"}}

// createDefaultTag creates the tag default, and then makes the untagged revision's
// own webhooks match nothing. In between both match what only the default binds:
// istiod replaces the sidecar of such a pod, it does not add a second one, and the
// run moves nothing that the default binds at that time. In the other order pods
// would get no sidecar.
func (w *Writer) createDefaultTag(
	ctx context.Context, revision string, tags injectors, untagged, target admissionv1.MutatingWebhookConfiguration,
) error {
	if len(tags) == 0 {
		tag := defaultTag(w.root, untagged, target, revision)
		_, err := w.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &tag, client.Creating)
		if err != nil {
			return client.WriteError("create MutatingWebhookConfiguration "+tag.Name, err)
		}
	}
	return w.deactivate(ctx, untagged)
}

// deactivate makes the webhooks of an untagged revision match nothing.
func (w *Writer) deactivate(ctx context.Context, m admissionv1.MutatingWebhookConfiguration) error {
	before := map[string]webhookSelectors{}
	for i := range m.Webhooks {
		h := &m.Webhooks[i]
		before[h.Name] = webhookSelectors{h.NamespaceSelector, h.ObjectSelector}
		h.NamespaceSelector, h.ObjectSelector = matchNothing, matchNothing
	}
	text, err := json.Marshal(before)
	if err != nil {
		return fmt.Errorf("save the selectors of MutatingWebhookConfiguration %s: %w", m.Name, err)
	}
	saved := string(text)
	return w.writeWebhooks(ctx, m, istio.RevisionOf(m.Labels), map[string]*string{selectorsAnnotation: &saved})
}

// deleteDefaultTag restores the selectors of the untagged revision and deletes the
// tag that a run created. The Service of that tag is not the run's (the chart istiod
// creates one): it is moved first, while the tag still shows that it has to be.
func (w *Writer) deleteDefaultTag(ctx context.Context, change step.Change, tag, untagged admissionv1.MutatingWebhookConfiguration) error {
	if text := untagged.Annotations[selectorsAnnotation]; text != "" {
		var before map[string]webhookSelectors
		if err := json.Unmarshal([]byte(text), &before); err != nil {
			return fmt.Errorf("read the saved selectors of MutatingWebhookConfiguration %s: %w", untagged.Name, err)
		}
		for i := range untagged.Webhooks {
			if s, ok := before[untagged.Webhooks[i].Name]; ok {
				untagged.Webhooks[i].NamespaceSelector, untagged.Webhooks[i].ObjectSelector = s.Namespaces, s.Objects
			}
		}
		if err := w.writeWebhooks(ctx, untagged, istio.RevisionOf(untagged.Labels), map[string]*string{selectorsAnnotation: nil}); err != nil {
			return err
		}
	}
	if err := w.moveTagService(ctx, change); err != nil {
		return err
	}
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(tag.UID))}
	err := w.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(ctx, tag.Name, options)
	return client.WriteError("delete MutatingWebhookConfiguration "+tag.Name, err)
}

// defaultTag returns the tag default as istioctl writes it for a revision: the
// untagged revision's webhooks, which serve the name "default" and the default
// itself, with another istiod behind them.
func defaultTag(
	root string, untagged, target admissionv1.MutatingWebhookConfiguration, revision string,
) admissionv1.MutatingWebhookConfiguration {
	tag := admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{
		Name: istio.TagWebhook(root, mesh.DefaultTag),
		Labels: map[string]string{
			"app": "sidecar-injector", mesh.RevisionLabel: revision, istio.TagLabel: mesh.DefaultTag, "app.kubernetes.io/part-of": "istio",
		},
		Annotations: map[string]string{createdAnnotation: "true"},
	}}
	for _, h := range untagged.Webhooks {
		if injects(h) {
			h.ClientConfig = callOf(target)
			tag.Webhooks = append(tag.Webhooks, h)
		}
	}
	return tag
}
