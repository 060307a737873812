// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	tagLabel = "istio.io/tag"

	// injectorSuffix ends the name of every webhook that injects sidecars, and
	// istiod knows them by it: pkg/webhooks/webhookpatch.go @1.29.1.
	injectorSuffix = "sidecar-injector.istio.io"

	// unrevisioned is how Istio labels what was installed without a revision.
	unrevisioned = "default"
)

// webhooksOf reads the injection webhooks of a configuration, with the selectors
// that are live: istioctl, or another controller, may have rewritten them.
func webhooksOf(c *admissionv1.MutatingWebhookConfiguration) []mesh.Webhook {
	var list []mesh.Webhook
	for _, h := range c.Webhooks {
		if !strings.HasSuffix(h.Name, injectorSuffix) {
			continue
		}
		list = append(list, mesh.Webhook{
			Configuration: c.Name,
			Name:          h.Name,
			Revision:      revisionOf(c.Labels),
			Tag:           c.Labels[tagLabel],
			Service:       calledBy(h.ClientConfig),
			Roots:         fingerprints(h.ClientConfig.CABundle),
			Namespaces:    selectorOf(h.NamespaceSelector),
			Objects:       selectorOf(h.ObjectSelector),
			Conditions:    len(h.MatchConditions),
		})
	}
	return list
}

func revisionOf(labels map[string]string) string {
	if revision := labels[mesh.RevisionLabel]; revision != "" {
		return revision
	}
	return unrevisioned
}

// calledBy is the namespace/name of the Service that a webhook calls, or its URL.
func calledBy(c admissionv1.WebhookClientConfig) string {
	switch {
	case c.Service != nil:
		return c.Service.Namespace + "/" + c.Service.Name
	case c.URL != nil:
		return *c.URL
	}
	return ""
}

// tagsOf reads the revision tags off the webhooks that serve them, and what their
// Services and owners say.
func tagsOf(hooks []mesh.Webhook, services map[string]string, owners [][2]string) []mesh.Tag {
	var tags []mesh.Tag
	seen := map[string]bool{}
	for _, h := range hooks {
		if h.Tag == "" || seen[h.Tag+" "+h.Revision] {
			continue
		}
		seen[h.Tag+" "+h.Revision] = true
		t := mesh.Tag{Name: h.Tag, Revision: h.Revision, Service: services[h.Tag]}
		for _, o := range owners {
			if o[0] == h.Tag {
				t.ManagedBy = o[1]
			}
		}
		tags = append(tags, t)
	}
	return tags
}
